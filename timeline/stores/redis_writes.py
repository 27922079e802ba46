"""Writes to Redis for the app's backend: acts and seen posts. They wait longer than a page, but not in a queue.

The circuit breaker of the pages does not count for them: it opens when Redis misses a page's budget, as a healthy one
does on a busy machine. An act that is not written because of that would be a 202 although Redis would have taken it.
"""

from collections.abc import Callable
from typing import TypeVar

from shared.errors import StoreHangs, StoreUnavailable
from timeline.stores.worker_threads import WorkerThreads

ResultT = TypeVar("ResultT")


class RedisWrites:
    """Runs writes until one of them has no answer in time; then none until a background check has an answer.

    A Redis that refuses at once (no server, read-only, a value of another type) costs no time: it is asked each time.
    """

    def __init__(self) -> None:
        self.is_hung = False
        self.on_hang: Callable[[], None] = lambda: None

    def note_answer(self) -> None:
        """A background check had an answer."""
        self.is_hung = False

    async def run(
        self, threads: WorkerThreads, write: Callable[[], ResultT], *, if_hung: Callable[[], object] = lambda: None
    ) -> ResultT:
        """Run a write in one of these threads.

        Args:
            threads: some.
            write: asks Redis.
            if_hung: is called there instead of it, if Redis is not asked.

        Raises:
            StoreUnavailable: Redis does not answer or refuses, or it hangs and was not asked.
            SourceError: PostgreSQL refuses what the write reads there.
        """
        try:
            return await threads.run(lambda: self._written(write, if_hung))
        except StoreHangs:
            self.on_hang()
            raise

    def _written(self, write: Callable[[], ResultT], if_hung: Callable[[], object]) -> ResultT:
        """In the thread: many may have waited for it while the first one found out."""
        if self.is_hung:
            if_hung()
            raise StoreUnavailable("Redis hangs; it was not asked")
        try:
            return write()
        except StoreHangs:
            self.is_hung = True
            raise
