"""Finds users for the queue: those whose events it missed, and those who did something in the team's own tables."""

import time
from collections.abc import Sequence
from datetime import timedelta

from shared.db.engine import Database
from shared.db.live_passes import arrived_lately, mark_of_last, mark_of_run, sample_pass
from shared.domain import JOB_OF_PHASE, Phase
from shared.live.missed import GRACE, MissedEvents
from shared.live.settings import LiveSettings
from shared.live.view_poll import READ_AGAIN, ViewPoll
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue

MISSED_EVERY = timedelta(seconds=3)
EVENTS_AT_ONCE = 20_000  # that are searched for missed ones


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
        self._view = ViewPoll(database, queue, settings) if database.has_views else None

    def start_again(self) -> None:
        """Look for missed events soon: nobody listened for a while."""
        self._due_at = time.monotonic() + GRACE.total_seconds()

    def add(self, users: Sequence[str]) -> None:
        """Add users to the queue; those who find no room are kept for the next call of `follow`."""
        if users:
            left_out = self._queue.add(users, at_most=self._settings.live_backlog)
            self._again = list(users[len(users) - left_out :])

    def close(self) -> None:
        if self._view is not None:
            self._view.close()

    def follow(self) -> None:
        """Look for users, as far as it is time for that. Call it every second."""
        self.missed.note(sample_pass(self._database))
        if self._again:
            self.add(self._again)
        if self._view is not None:
            self._view.follow()
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + MISSED_EVERY.total_seconds()
            if self._queue.may_do("missed", for_the_next=MISSED_EVERY / 2):
                self._find_missed()

    def _find_missed(self) -> None:
        sample = sample_pass(self._database)
        since = self.missed.since
        if since is None or since > sample.oldest:  # the first time, or after a restore, which begins to count anew
            self.missed.begin_at(self._mark(sample.oldest))
        searched = self.missed.next
        arrived = arrived_lately(self._database, searched, at_most=EVENTS_AT_ONCE)
        users = list(arrived.newest)
        versions = dict(zip(users, self._writer.list_versions(users, phase=self._phase), strict=True))
        lag = timedelta(seconds=self._queue.lag())
        missed = self.missed.missed(arrived.newest, versions, lag=lag, until=arrived.until)
        if missed:
            if self._queue.add(missed, at_most=self._settings.live_backlog):
                self.missed.next = searched  # who found no room is found again
            self._queue.count(missed=len(missed))

    def _mark(self, oldest: int) -> int:
        """From which transaction on something may be missed if nobody listened; `oldest` had not ended by now."""
        mark = mark_of_run(self._database, JOB_OF_PHASE[self._phase])
        if mark is None or mark > oldest:  # no run yet, or PostgreSQL was restored and begins to count anew
            mark = mark_of_last(self._database, within=READ_AGAIN)
        return oldest if mark is None else mark
