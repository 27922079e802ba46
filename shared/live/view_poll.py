"""Follows the team's own events: asks their view who did something, in a thread, since a view may be slow."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.live_passes import Acted, acted_in_view
from shared.errors import SourceError, StoreUnavailable
from shared.live.settings import LiveSettings
from shared.logs import log_trouble
from shared.ranked_lists.live_queue import LiveQueue

READ_AGAIN = timedelta(minutes=5)  # events that are read again when a process starts to listen
# Transactions become visible later than the times that they write, and clocks differ.
OVERLAP = timedelta(seconds=30)
WAIT = timedelta(seconds=0.1)  # for an answer: with an index it comes sooner, and no pass waits for a later one
REST = 10  # times as long as the last answer took: so much of the team's PostgreSQL is ours, for each phase
SLOW = timedelta(seconds=1)
AFTER_FAILURE = timedelta(seconds=30)
WARN_EVERY = timedelta(minutes=5)


class ViewPoll:
    """One process's reading of the view; of several processes, one at a time does it."""

    def __init__(self, database: Database, queue: LiveQueue, settings: LiveSettings) -> None:
        self._database, self._queue, self._settings = database, queue, settings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-view")
        self._reading: Future[Mapping[str, Acted]] | None = None
        self._begun_at = datetime.fromtimestamp(0, UTC)
        self._took = timedelta(0)  # the last answer
        self._warned_at = float("-inf")
        self._acted: dict[str, Acted] = {}  # user -> events that the queue knows of
        self._acted_since: datetime | None = None

    def follow(self) -> None:
        """Ask if it is time to, and put those into the queue who did something. Waits a moment at most."""
        if self._reading is None:
            if not self._queue.may_do("poll", for_the_next=rest_after(self._took, self._settings.poll)):
                return
            self._begun_at = datetime.now(UTC)
            self._reading = self._thread.submit(self._read, self._acted_since or self._begun_at - READ_AGAIN)
        wait([self._reading], timeout=WAIT.total_seconds())
        if self._reading.done():
            done, self._reading = self._reading, None
            self._take(done)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _read(self, since: datetime) -> Mapping[str, Acted]:
        begun = time.monotonic()
        try:
            with self._database.read() as snapshot:
                return acted_in_view(snapshot, since=since)
        finally:
            self._took = timedelta(seconds=time.monotonic() - begun)

    def _take(self, done: Future[Mapping[str, Acted]]) -> None:
        try:
            found = done.result()
        except (SourceError, StoreUnavailable) as error:  # the passes go on: they read other rows, by other indexes
            self._queue.put_off("poll", for_the_next=rest_after(self._took, AFTER_FAILURE))
            if self._may_warn():
                log_trouble("live.view_failed", seconds=self._seconds, reason=str(error).partition("\n")[0])
            return
        rest = rest_after(self._took, self._settings.poll)
        if rest > self._settings.poll:
            self._queue.put_off("poll", for_the_next=rest)
        if self._took > SLOW and self._may_warn():
            advice = "index interactions by created_at; see `warmline doctor`"
            log_trouble("live.view_slow", seconds=self._seconds, advice=advice)
        self._add(found)

    def _add(self, found: Mapping[str, Acted]) -> None:
        fresh = [user for user, acted in found.items() if acted.is_more_than(self._acted.get(user))]
        fresh.sort(key=lambda user: found[user].last)
        left_out = self._queue.add(fresh, at_most=self._settings.live_backlog) if fresh else 0
        without_room = set(fresh[len(fresh) - left_out :])
        until = self._begun_at - OVERLAP
        if left_out:
            until = min(until, found[fresh[len(fresh) - left_out]].last)
        self._acted_since = until if self._acted_since is None else max(self._acted_since, until)
        self._acted = {user: acted for user, acted in found.items() if user not in without_room}

    @property
    def _seconds(self) -> float:
        return round(self._took.total_seconds(), 1)

    def _may_warn(self) -> bool:
        """Whether the last warning is long enough ago."""
        if time.monotonic() < self._warned_at + WARN_EVERY.total_seconds():
            return False
        self._warned_at = time.monotonic()
        return True


def rest_after(took: timedelta, at_least: timedelta) -> timedelta:
    """How long to leave a view alone that took so long to answer."""
    return max(at_least, REST * took)
