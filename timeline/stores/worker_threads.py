"""What is done for others in threads, while somebody waits for it: a store that hangs holds up its own kind alone."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TypeVar

from shared.errors import StoreUnavailable

# Longer than PostgreSQL gives a statement, so that what it gives up itself is known to be undone.
LONGEST_SECONDS = 12.0
LAST_SECONDS = 1.5  # a little longer than a writer waits for a Redis that hangs

ResultT = TypeVar("ResultT")


class WorkerThreads:
    """A few threads, and how long one waits for them."""

    def __init__(self, name: str, *, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Do it, and wait for it; one that has not begun by then is not done at all.

        Raises:
            StoreUnavailable: a store that it needs does not answer, or hangs.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(doing, LONGEST_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"a store hangs: no answer within {LONGEST_SECONDS:.0f} s") from error

    def submit(self, work: Callable[[], object]) -> None:
        """Do it when there is a thread for it; nobody waits."""
        self._threads.submit(work)

    def close(self) -> ThreadPoolExecutor:
        """Begin nothing more; gives the threads, of which some may still be at work."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return self._threads


async def let_finish(pools: Sequence[ThreadPoolExecutor]) -> None:
    """Wait a little for what closed threads still do: a connection that they open is closed by nobody later on."""

    def wait() -> None:
        for pool in pools:
            pool.shutdown()

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    await asyncio.to_thread(waiting.join, LAST_SECONDS)
