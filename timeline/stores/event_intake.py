"""Stores events: requests that arrive during a transaction share the next one (group commit). A single request does
not wait for others.

PostgreSQL is written first: an answer means durable. Redis is written right after it, so that the next page obeys.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter

from msgspec import Struct

from shared.db.engine import Database, retried
from shared.db.events import Event, StoredBatch, store_batches
from shared.db.safety_outbox import SafetyChange
from shared.errors import StoreUnavailable
from shared.logs import log_trouble
from shared.ranked_lists.user_store import UserStore
from timeline.stores.live_updates import LiveUpdates
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.safety_updates import SafetyUpdates
from timeline.stores.worker_threads import MAX_SECONDS, WorkerThreads

MAX_EVENTS = 1_000  # of one shared transaction
LARGE = 100  # a request with this many events gets its own transaction: small requests do not wait for it


class IntakeResult(Struct, gc=False):
    """The outcome of a request's events."""

    stored: StoredBatch
    is_obeyed: bool  # every process obeys the hides from its next page on


class _Waiting(Struct, gc=False):
    events: Sequence[Event]
    answer: asyncio.Future[IntakeResult]


class EventIntake:
    """Stores the events of many requests at once."""

    def __init__(
        self,
        *,
        database: Database,
        user_store: UserStore,
        safety_updates: SafetyUpdates,
        redis_writes: RedisWrites,
        threads: WorkerThreads,
        live: LiveUpdates,
    ) -> None:
        self._database, self._redis_writes, self._threads = database, redis_writes, threads
        self._user_store, self._safety_updates = user_store, safety_updates
        self._live = live
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_busy = False  # a shared transaction is running

    @property
    def n_waiting(self) -> int:
        """Requests that wait for the next shared transaction."""
        return len(self._waiting)

    async def add(self, events: Sequence[Event]) -> IntakeResult:
        """Store a request's events. A cancelled request changes nothing for the others.

        Raises:
            StoreUnavailable: PostgreSQL does not answer; whether they were stored is not known.
            Exception: PostgreSQL refuses them.
        """
        waiting = _Waiting(events, asyncio.get_running_loop().create_future())
        if len(events) >= LARGE:
            self._start([waiting])
        else:
            self._waiting.append(waiting)
            self._start_next()
        try:
            return await asyncio.wait_for(waiting.answer, MAX_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"PostgreSQL hangs: no answer within {MAX_SECONDS:.0f} s") from error

    def _start_next(self) -> None:
        """Start a transaction for all waiting requests, unless one is running."""
        if self._is_busy:
            return
        group, count = list[_Waiting](), 0
        while self._waiting and count + len(self._waiting[0].events) <= MAX_EVENTS:
            first = self._waiting.popleft()
            if not first.answer.done():  # the request still waits
                group.append(first)
                count += len(first.events)
        if group:
            self._is_busy = True
            self._start(group, is_shared=True)

    def _start(self, group: Sequence[_Waiting], *, is_shared: bool = False) -> None:
        task = asyncio.create_task(self._store_and_answer(group, is_shared=is_shared))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _store_and_answer(self, group: Sequence[_Waiting], *, is_shared: bool) -> None:
        try:
            stored = await self._store(group)
        except Exception as error:
            stored = []
            if len(group) == 1 or isinstance(error, StoreUnavailable):
                _fail(group, error)
            else:  # PostgreSQL may refuse one of them: each is tried alone
                for waiting in group:
                    self._start([waiting])
        finally:
            if is_shared:
                self._is_busy = False
                self._start_next()
        if stored:
            await self._write_to_redis(group, stored)

    async def _store(self, group: Sequence[_Waiting]) -> list[StoredBatch]:
        batches = [waiting.events for waiting in group]
        return await self._threads.run(partial(retried, partial(store_batches, self._database, batches)))

    async def _write_to_redis(self, group: Sequence[_Waiting], stored: Sequence[StoredBatch]) -> None:
        """Mark posts as seen and apply hides; then answer the requests."""
        try:
            await self._mark_seen(zip(group, stored, strict=True))
            hides = next((batch.hides for batch in stored if batch.hides.id is not None), SafetyChange())
            is_obeyed = await self._safety_updates.apply(hides)
        except Exception as error:  # every request must get an answer
            _fail(group, error)
            return
        for waiting, batch in zip(group, stored, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(IntakeResult(batch, is_obeyed or batch.hides.id is None))
        self._live.notify(_acted(zip(group, stored, strict=True)))

    async def _mark_seen(self, batches: Iterable[tuple[_Waiting, StoredBatch]]) -> None:
        """Mark the posts as seen from the next page on; without Redis, from the next run of the heuristic job on."""
        events = [
            (event.at, event.user_id, batch.post_numbers[event.post_id])
            for waiting, batch in batches
            for index, event in enumerate(waiting.events)
            if index not in batch.refused and event.post_id in batch.post_numbers
        ]
        seen: dict[str, list[int]] = {}
        for _, user_id, number in sorted(events, key=itemgetter(0)):
            seen.setdefault(user_id, []).append(number)
        if seen:
            try:
                await self._redis_writes.run(self._threads, partial(self._user_store.mark_seen, seen))
            except StoreUnavailable as error:
                log_trouble("timeline.seen_waits", users=len(seen), reason=error)


def _acted(batches: Iterable[tuple[_Waiting, StoredBatch]]) -> list[Event]:
    """The events that were stored, of batches in which something is new."""
    return [
        event
        for waiting, batch in batches
        for index, event in enumerate(waiting.events if batch.new else ())
        if index not in batch.refused
    ]


def _fail(group: Iterable[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
