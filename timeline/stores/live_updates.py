"""Tells the rankers whose lists are out of date. Best effort: they find in PostgreSQL what they were not told."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Lock

from shared.db.events import Event
from shared.db.live_passes import TELLING_KINDS
from shared.errors import StoreUnavailable
from shared.live.settings import LiveSettings
from shared.ranked_lists.user_store import UserStore
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.worker_threads import WorkerThreads

USERS_AT_ONCE = 1_000


class LiveUpdates:
    """Puts users into the queues of the rankers that listen, in a thread of its own: nobody waits for it."""

    def __init__(self, user_store: UserStore, redis_writes: RedisWrites, settings: LiveSettings) -> None:
        self._user_store, self._redis_writes, self._settings = user_store, redis_writes, settings
        self._thread = WorkerThreads("live", threads=1)
        self._lock = Lock()
        self._waiting: dict[str, None] = {}  # users, the first one first
        self._is_busy = False
        self.left_out = 0  # users who found no room, here or in a queue

    def notify(self, events: Sequence[Event]) -> None:
        """These events are durable, or were taken back."""
        self.notify_of(event.user_id for event in events if event.kind in TELLING_KINDS)

    def notify_of(self, users: Iterable[str]) -> None:
        """These users have done or said something that is durable."""
        if not self._settings.live:
            return
        with self._lock:
            for user in users:
                if len(self._waiting) < self._settings.live_backlog or user in self._waiting:
                    self._waiting[user] = None
                else:
                    self.left_out += 1
            if self._is_busy or not self._waiting:
                return
            self._is_busy = True
        self._thread.submit(self._send)

    def close(self) -> ThreadPoolExecutor:
        """Tell nobody any more; returns the thread's pool."""
        return self._thread.close()

    def _send(self) -> None:
        while users := self._next():
            if self._redis_writes.is_hung:
                continue
            try:
                left_out = self._user_store.notify_rankers(users, at_most=self._settings.live_backlog)
            except StoreUnavailable:  # the rankers read of these users in PostgreSQL
                continue
            with self._lock:
                self.left_out += left_out

    def _next(self) -> list[str]:
        with self._lock:
            users = list(islice(self._waiting, USERS_AT_ONCE))
            for user in users:
                del self._waiting[user]
            self._is_busy = bool(users)
        return users
