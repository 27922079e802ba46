"""Takes in events: requests that arrive while a transaction is under way share the next one, as databases do with
commits. A request that comes alone waits for nobody.

PostgreSQL first: an answer means durable. Redis at once after it, so that the very next page obeys.
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
from timeline.stores.safety_updates import SafetyUpdates
from timeline.stores.worker_threads import LONGEST_SECONDS, WorkerThreads

MAX_EVENTS = 1_000  # that share a transaction; a request with more has one of its own
LARGE = 100  # events from which a request has a transaction of its own: small ones do not wait for it


class IntakeResult(Struct, gc=False):
    """What became of a request's events."""

    stored: StoredBatch
    is_obeyed: bool  # hides hold on every process from the next page on


class _Waiting(Struct, gc=False):
    events: Sequence[Event]
    answer: asyncio.Future[IntakeResult]


class EventIntake:
    """Keeps the events of requests, many requests at once."""

    def __init__(
        self, *, database: Database, user_store: UserStore, safety_updates: SafetyUpdates, threads: WorkerThreads
    ) -> None:
        self._database, self._user_store, self._safety_updates, self._threads = (
            database,
            user_store,
            safety_updates,
            threads,
        )
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_busy = False  # a shared transaction is under way

    @property
    def n_waiting(self) -> int:
        """Requests that wait for the next shared transaction."""
        return len(self._waiting)

    async def add(self, events: Sequence[Event]) -> IntakeResult:
        """Keep a request's events. Whoever is cancelled meanwhile changes nothing for the others.

        Raises:
            StoreUnavailable: PostgreSQL does not answer; nothing of them was kept, or nobody knows.
            Exception: PostgreSQL refuses them.
        """
        waiting = _Waiting(events, asyncio.get_running_loop().create_future())
        if len(events) >= LARGE:
            self._begin([waiting])
        else:
            self._waiting.append(waiting)
            self._take_next()
        try:
            return await asyncio.wait_for(waiting.answer, LONGEST_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"PostgreSQL hangs: no answer within {LONGEST_SECONDS:.0f} s") from error

    def _take_next(self) -> None:
        """Begin a transaction for all who still wait, unless one is under way."""
        if self._is_busy:
            return
        group, count = list[_Waiting](), 0
        while self._waiting and count + len(self._waiting[0].events) <= MAX_EVENTS:
            first = self._waiting.popleft()
            if not first.answer.done():  # nobody has given up
                group.append(first)
                count += len(first.events)
        if group:
            self._is_busy = True
            self._begin(group, is_shared=True)

    def _begin(self, group: Sequence[_Waiting], *, is_shared: bool = False) -> None:
        task = asyncio.create_task(self._keep(group, is_shared=is_shared))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, group: Sequence[_Waiting], *, is_shared: bool) -> None:
        try:
            stored = await self._store(group)
        except Exception as error:
            stored = []
            if len(group) == 1 or isinstance(error, StoreUnavailable):
                _fail(group, error)
            else:  # one of them may be what PostgreSQL refuses: each for itself
                for waiting in group:
                    self._begin([waiting])
        finally:
            if is_shared:
                self._is_busy = False
                self._take_next()
        if stored:
            await self._tell_redis(group, stored)

    async def _store(self, group: Sequence[_Waiting]) -> list[StoredBatch]:
        batches = [waiting.events for waiting in group]
        return await self._threads.run(partial(retried, partial(store_batches, self._database, batches)))

    async def _tell_redis(self, group: Sequence[_Waiting], stored: Sequence[StoredBatch]) -> None:
        """Mark posts as seen and have hides obeyed; then answer."""
        try:
            await self._mark_seen(zip(group, stored, strict=True))
            hides = next((one.hides for one in stored if one.hides.id is not None), SafetyChange())
            is_obeyed = await self._safety_updates.apply(hides)
        except Exception as error:  # nobody may wait for an answer that does not come
            _fail(group, error)
            return
        for waiting, one in zip(group, stored, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(IntakeResult(one, is_obeyed or one.hides.id is None))

    async def _mark_seen(self, kept: Iterable[tuple[_Waiting, StoredBatch]]) -> None:
        """Have the posts count as seen from the next page on; without Redis, from the heuristic job's next run on."""
        events = [
            (event.at, event.user_id, one.post_numbers[event.post_id])
            for waiting, one in kept
            for index, event in enumerate(waiting.events)
            if index not in one.refused and event.post_id in one.post_numbers
        ]
        seen: dict[str, list[int]] = {}
        for _, user_id, number in sorted(events, key=itemgetter(0)):
            seen.setdefault(user_id, []).append(number)
        if seen:
            try:
                await self._threads.run(partial(self._user_store.mark_seen, seen))
            except StoreUnavailable as error:
                log_trouble("timeline.seen_waits", users=len(seen), reason=error)


def _fail(group: Iterable[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
