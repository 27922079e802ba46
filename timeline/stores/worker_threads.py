"""Small thread pools, one for each kind of work: a store that hangs delays no other kind of work."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TypeVar

from shared.errors import StoreUnavailable

# Longer than PostgreSQL's own limit of a statement: what it cancels itself is known to be undone.
MAX_SECONDS = 12.0
CLOSE_SECONDS = 1.5  # a little longer than a writer waits for a Redis that hangs

ResultT = TypeVar("ResultT")


class WorkerThreads:
    """A thread pool whose callers wait a limited time."""

    def __init__(self, name: str, *, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Run it and wait for the result; if it has not started when the time is over, it never will.

        Raises:
            StoreUnavailable: a store does not answer, or hangs.
        """
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(future, MAX_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"a store hangs: no answer within {MAX_SECONDS:.0f} s") from error

    def submit(self, work: Callable[[], object]) -> None:
        """Run it when a thread is free, without waiting."""
        self._threads.submit(work)

    def close(self) -> ThreadPoolExecutor:
        """Accept no more work; returns the pool, whose threads may still be busy."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return self._threads


async def let_finish(pools: Sequence[ThreadPoolExecutor]) -> None:
    """Wait a little for the work of closed pools: a connection that they open later would never be closed."""

    def wait() -> None:
        for pool in pools:
            pool.shutdown()

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    await asyncio.to_thread(waiting.join, CLOSE_SECONDS)
