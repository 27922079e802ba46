"""What is done for others in threads, while somebody waits for it: a store that hangs holds up its own kind alone."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shared.errors import StoreUnavailable

# Longer than PostgreSQL gives a statement, so that what it gives up itself is known to be undone.
LONGEST_SECONDS = 12.0

ResultT = TypeVar("ResultT")


class Deeds:
    """A few threads, and how long one waits for them."""

    def __init__(self, name: str, *, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def do(self, deed: Callable[[], ResultT]) -> ResultT:
        """Do it, and wait for it; one that has not begun by then is not done at all.

        Raises:
            StoreUnavailable: a store that it needs does not answer, or hangs.
        """
        doing = asyncio.get_running_loop().run_in_executor(self._threads, deed)
        try:
            return await asyncio.wait_for(doing, LONGEST_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"a store hangs: no answer within {LONGEST_SECONDS:.0f} s") from error

    def begin(self, deed: Callable[[], object]) -> None:
        """Do it when there is a thread for it; nobody waits."""
        self._threads.submit(deed)

    def close(self) -> None:
        """Leave what is under way; what waits is not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)
