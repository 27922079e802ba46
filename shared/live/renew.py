"""Renews the candidates between two runs: new posts have come, or another process did the last run.

Loading takes seconds, in phase 2 it encodes the new posts first: it runs in a thread of its own, while passes go on.
Then all active users get a pass, when nobody waits.
"""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.live_passes import live_load, newest_post_at
from shared.live.ranker import LiveRanker, LoadedCandidates
from shared.live.users import Candidates
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue

AT_LEAST = timedelta(seconds=15)  # between two looks for new posts
AGAIN = timedelta(seconds=30)  # after a load that failed
# Of the time: the rest is for runs and for what users do. A load and all passes after it count.
LARGEST_SHARE = 0.25


class Renewal:
    """Loads candidates when they are out of date, and knows whose lists are to be made with them."""

    def __init__(self, database: Database, writer: JobStore, queue: LiveQueue, ranker: LiveRanker) -> None:
        self._database, self._writer, self._queue, self._ranker = database, writer, queue, ranker
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-load")
        self._loading: Future[LoadedCandidates | None] | None = None
        self._users: deque[str] = deque()
        self._begun_at = time.monotonic()
        self._due_at = float("-inf")
        self._failed_at = float("-inf")
        self._spread_until = datetime.fromtimestamp(0, UTC)  # posts up to then stand in all lists where they belong

    @property
    def is_busy(self) -> bool:
        """Whether there are users whose lists are to be made with the present candidates."""
        return bool(self._users)

    def loaded(self) -> LoadedCandidates | None:
        """What was loaded, once; begins to load when it is time.

        Raises:
            Exception: loading failed; it is tried again later.
        """
        if self._loading is not None:
            if not self._loading.done():
                return None
            done, self._loading = self._loading, None
            self._failed_at = time.monotonic()  # unless it did not
            self._finish()
            found = done.result()
            self._failed_at = float("-inf")
            return found
        if not self._users and time.monotonic() >= self._failed_at + AGAIN.total_seconds():
            generation = self._wanted()
            if generation is not None:
                self._begun_at = time.monotonic()
                self._loading = self._thread.submit(self._load, generation)
        return None

    def renew_all(self, loaded: LoadedCandidates) -> bool:
        """Make everybody's list with these candidates; False if another process does."""
        self._spread_until = max(self._spread_until, loaded.candidates.newest_at)
        if not self._queue.may_do("renew", for_the_next=AT_LEAST):
            return False
        self._users = deque(loaded.active)
        return True

    def note_run(self, candidates: Candidates) -> None:
        """A run has published lists with these candidates."""
        self._users.clear()
        if self._ranker.runs_are_full:
            self._spread_until = max(self._spread_until, candidates.newest_at)

    def next_users(self, at_most: int, candidates: Candidates) -> list[str]:
        """Some of the users whose lists are older than these candidates, for a pass."""
        some = [self._users.popleft() for _ in range(min(at_most, len(self._users)))]
        versions = self._writer.list_versions(some, phase=self._ranker.phase) if some else []
        if not self._users:
            self._finish()
        return [user for user, version in zip(some, versions, strict=True) if 0 < version < candidates.version]

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _wanted(self) -> int | None:
        """The generation of the last publication, if candidates are to be loaded."""
        held, published = self._ranker.candidates, self._writer.last_publication(self._ranker.phase)
        if published is not None and (held is None or published.run > held.generation):
            if held is None:  # later posts stand in no list yet
                self._spread_until = published.at
            return published.run
        if held is None or time.monotonic() < self._due_at:
            return None
        self._due_at = time.monotonic() + AT_LEAST.total_seconds()
        with self._database.read() as snapshot:
            newest = newest_post_at(snapshot, since=self._spread_until, now=datetime.now(UTC))
        if newest is None:
            return None
        self._spread_until = newest  # though it may be no candidate: its author does not count, or is suspended
        return held.generation

    def _load(self, generation: int) -> LoadedCandidates | None:
        if not self._ranker.loading.acquire(blocking=False):
            return None  # a run is under way, and brings newer ones
        try:
            with live_load(self._database):
                return self._ranker.load(self._database, generation=generation, now=datetime.now(UTC))
        finally:
            self._ranker.loading.release()

    def _finish(self) -> None:
        """Wait with the next load, so that all of this takes a share of the time only."""
        now = time.monotonic()
        self._due_at = now + max(AT_LEAST.total_seconds(), (now - self._begun_at) * (1 / LARGEST_SHARE - 1))
