"""Finds users for the queue: those whose events it missed, and those who did something in the team's own tables."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.live_passes import Acted, acted_in_view, arrived_lately, mark_of_last, sample_pass
from shared.domain import Phase
from shared.live.missed import GRACE, MissedEvents
from shared.live.settings import LiveSettings
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue

READ_AGAIN = timedelta(minutes=5)  # events that are read again when a process starts to listen
MISSED_EVERY = timedelta(seconds=3)
EVENTS_AT_ONCE = 20_000  # that are searched for missed ones
# Transactions become visible later than the times that they write, and clocks differ.
OVERLAP = timedelta(seconds=30)


class Follower:
    """One process's search; of several processes, one at a time does it."""

    def __init__(
        self, database: Database, writer: JobStore, queue: LiveQueue, phase: Phase, settings: LiveSettings
    ) -> None:
        self._database, self._writer, self._queue = database, writer, queue
        self._phase, self._settings = phase, settings
        self.missed = MissedEvents()
        self._again: list[str] = []  # users who found no room in the queue
        self._due_at = float("-inf")
        self._acted: dict[str, Acted] = {}  # user in the view -> events that the queue knows of
        self._acted_since: datetime | None = None

    def start_again(self) -> None:
        """Look for missed events soon: nobody listened for a while."""
        self._due_at = time.monotonic() + GRACE.total_seconds()

    def add(self, users: Sequence[str]) -> None:
        """Add users to the queue; those who find no room are kept for the next call of `follow`."""
        if users:
            left_out = self._queue.add(users, at_most=self._settings.live_backlog)
            self._again = list(users[len(users) - left_out :])

    def follow(self) -> None:
        """Look for users, as far as it is time for that. Call it every second."""
        self.missed.note(sample_pass(self._database))
        if self._again:
            self.add(self._again)
        if self._database.has_views and self._queue.may_do("poll", for_the_next=self._settings.poll):
            self._follow_view(datetime.now(UTC))
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + MISSED_EVERY.total_seconds()
            if self._queue.may_do("missed", for_the_next=MISSED_EVERY / 2):
                self._find_missed()

    def _find_missed(self) -> None:
        sample = sample_pass(self._database)
        since = self.missed.since
        if since is None or since > sample.oldest:  # the first time, or after a restore, which begins to count anew
            since = mark_of_last(self._database, within=READ_AGAIN) or sample.oldest
            self.missed.since = since
        arrived = arrived_lately(self._database, since, at_most=EVENTS_AT_ONCE)
        users = list(arrived.newest)
        versions = dict(zip(users, self._writer.list_versions(users, phase=self._phase), strict=True))
        lag = timedelta(seconds=self._queue.lag())
        missed = self.missed.missed(arrived.newest, versions, lag=lag, until=arrived.until)
        if missed:
            self._queue.add(missed, at_most=self._settings.live_backlog)  # who finds no room is found again
            self._queue.count(missed=len(missed))

    def _follow_view(self, now: datetime) -> None:
        since = self._acted_since or now - READ_AGAIN
        with self._database.read() as snapshot:
            found = acted_in_view(snapshot, since=since)
        fresh = [user for user, acted in found.items() if acted.is_more_than(self._acted.get(user))]
        fresh.sort(key=lambda user: found[user].last)
        left_out = self._queue.add(fresh, at_most=self._settings.live_backlog) if fresh else 0
        without_room = set(fresh[len(fresh) - left_out :])
        oldest = found[fresh[len(fresh) - left_out]].last if left_out else now
        self._acted_since = max(since, min(oldest, now - OVERLAP))
        self._acted = {user: acted for user, acted in found.items() if user not in without_room}
