"""Calls the stores for a request: within its time budgets, and not at all while a store is known to be down."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

from msgspec import Struct, field

from shared.errors import StoreUnavailable, WarmlineError, WritesRefused
from shared.ranked_lists.shared_connection import GRACE_SHARE
from timeline.stores.breaker import Breaker

AnswerT = TypeVar("AnswerT")
READ_THREADS = 4  # a pool of its own: reads that hang block neither writes nor the background refresh


class RequestBudget(Struct, kw_only=True, gc=False):
    """How long one request may still wait for each store, and which stores did not answer it."""

    seconds: dict[str, float]
    degraded: list[str] = field(default_factory=list)
    must_start_over: bool = False  # Redis refused a write: what was read from it may be out of date
    asks_database: bool = False  # PostgreSQL decides what may be shown
    lacks_record: bool = False  # pages served before are not, or not all, recorded in Redis

    def note_degraded(self, store: str) -> None:
        """This store did not answer; the page reports it."""
        if store not in self.degraded:
            self.degraded.append(store)

    def degraded_stores(self) -> tuple[str, ...]:
        """The stores that the page reports in `degraded`."""
        if self.lacks_record and "redis" not in self.degraded:
            return (*self.degraded, "redis")
        return tuple(self.degraded)

    def ask_database_instead(self) -> None:
        """Start over with the time that is left; PostgreSQL decides what may be shown."""
        self.must_start_over, self.asks_database = False, True
        self.degraded.clear()


class Stores:
    """Redis and PostgreSQL for pages, with circuit breakers and time budgets."""

    def __init__(self, *, breakers: Mapping[str, Breaker], budgets: Mapping[str, timedelta]) -> None:
        self._breakers = breakers
        self._seconds = {store: budget.total_seconds() for store, budget in budgets.items()}
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
        # Redis lacks an act that was acknowledged, or may lack one: PostgreSQL decides what may be shown.
        self.is_redis_behind = False
        self.times_behind = 0
        self.on_redis_failure: Callable[[], None] = lambda: None  # a request had no answer

    def mark_redis_behind(self) -> None:
        """Redis refused a write, or an act did not reach it; `BackgroundRefresh` finds out when it is current again."""
        self.times_behind += 1
        if not self.is_redis_behind:
            self.is_redis_behind = True
            self._breakers["redis"].on_open("redis")

    def mark_redis_current(self, *, as_of: int) -> None:
        """Redis takes writes, and has every act of the time when `times_behind` had this value."""
        if self.times_behind == as_of:
            self.is_redis_behind = False

    def new_budget(self) -> RequestBudget:
        """The full budget of a new request."""
        return RequestBudget(seconds=dict(self._seconds))

    def redis_with_timeout(
        self, budget: RequestBudget, ask: Callable[[float], Awaitable[AnswerT]]
    ) -> Coroutine[None, None, AnswerT]:
        """Call Redis with a function that takes its timeout in seconds and keeps it.

        Raises:
            StoreUnavailable: no answer within what the request has left; it is noted there.
        """
        return self._ask("redis", budget, ask)

    async def redis(self, budget: RequestBudget, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Call Redis, under a deadline.

        Raises:
            StoreUnavailable: no answer within what the request has left; it is noted there.
        """
        return await self._ask("redis", budget, partial(_in_time, ask))

    async def database(
        self, budget: RequestBudget, read: Callable[[], AnswerT], *, is_failure_if_late: bool = True
    ) -> AnswerT:
        """Read from PostgreSQL, in a thread.

        Args:
            budget: of the request.
            read: runs on in its thread if its answer comes too late.
            is_failure_if_late: whether PostgreSQL is to blame; not for reads whose time depends on what users wrote.

        Raises:
            StoreUnavailable: no answer within what the request has left; it is noted there.
        """
        loop = asyncio.get_running_loop()
        reading = partial(loop.run_in_executor, self._threads, read)
        return await self._ask("postgresql", budget, partial(_in_time, reading), is_failure_if_late=is_failure_if_late)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(
        self,
        store: str,
        budget: RequestBudget,
        ask: Callable[[float], Awaitable[AnswerT]],
        *,
        is_failure_if_late: bool = True,
    ) -> AnswerT:
        breaker = self._breakers[store]
        if breaker.is_open or store in budget.degraded:
            budget.note_degraded(store)
            raise StoreUnavailable(f"{store} is away; it is tried in the background until it answers")
        seconds, begun = budget.seconds[store], time.monotonic()
        try:
            answer = await ask(seconds)
        except (WarmlineError, TimeoutError) as error:
            budget.note_degraded(store)
            if isinstance(error, WritesRefused):  # reads still work
                budget.must_start_over = not budget.asks_database
                self.mark_redis_behind()
            elif is_failure_if_late or not isinstance(error, TimeoutError):
                breaker.failed()
                if store == "redis":
                    self.on_redis_failure()
            raise StoreUnavailable(f"{store} does not answer within the budget") from error
        finally:
            budget.seconds[store] = seconds - (time.monotonic() - begun)
        breaker.answered()
        return answer


async def _in_time(ask: Callable[[], Awaitable[AnswerT]], seconds: float) -> AnswerT:
    with Deadline(seconds):
        return await ask()


class Deadline:
    """Like `asyncio.timeout`, but its last part starts only when the event loop gets there (see `GRACE_SHARE`)."""

    __slots__ = ("_handle", "_is_over", "_loop", "_others", "_seconds", "_task")

    def __init__(self, seconds: float) -> None:
        self._seconds, self._is_over = seconds, False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._others = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(self._seconds * (1 - GRACE_SHARE), self._start_grace)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._handle.cancel()
        if self._is_over and self._task.uncancel() <= self._others and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _start_grace(self) -> None:
        self._handle = self._loop.call_later(self._seconds * GRACE_SHARE, self._cancel)

    def _cancel(self) -> None:
        self._is_over = True
        self._task.cancel()
