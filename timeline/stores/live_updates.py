"""Tells the rankers whose lists are out of date. Best effort: they find in PostgreSQL what they were not told."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from shared.db.events import Event
from shared.db.live_passes import TELLING_KINDS
from shared.errors import StoreUnavailable
from shared.live.settings import LiveSettings
from shared.ranked_lists.user_store import UserStore
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.worker_threads import WorkerThreads


class LiveUpdates:
    """Puts users into the queues of the rankers that listen."""

    def __init__(
        self, user_store: UserStore, redis_writes: RedisWrites, threads: WorkerThreads, settings: LiveSettings
    ) -> None:
        self._user_store, self._redis_writes, self._threads = user_store, redis_writes, threads
        self._settings = settings
        self.left_out = 0  # users who found no room in a queue

    async def notify(self, events: Sequence[Event]) -> None:
        """These events are durable, or were taken back."""
        await self.notify_of(list(dict.fromkeys(event.user_id for event in events if event.kind in TELLING_KINDS)))

    async def notify_of(self, users: Sequence[str]) -> None:
        """These users have done or said something that is durable."""
        if not users or not self._settings.live:
            return
        notify = partial(self._user_store.notify_rankers, users, at_most=self._settings.live_backlog)
        with suppress(StoreUnavailable):  # the rankers read these events from PostgreSQL
            self.left_out += await self._redis_writes.run(self._threads, notify)
