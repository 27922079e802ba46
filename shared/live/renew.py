"""Renews the candidates between two runs: new posts have come, or another process did the last run.

Loading takes seconds, in phase 2 it encodes the new posts first: it runs in a thread of its own, while passes go on.
Then all active users get a pass, when nobody waits.
"""

import threading
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.live_passes import live_load, newest_post_at
from shared.db.runs import last_fence
from shared.domain import JOB_OF_PHASE
from shared.live.ranker import LiveRanker, LoadedCandidates
from shared.live.users import LiveCandidates
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue

AT_LEAST = timedelta(seconds=15)  # between two looks for new posts
AGAIN = timedelta(seconds=30)  # after a load that failed, or found nothing to rank
# Of the time: the rest is for runs and for what users do. A load and all passes after it count.
LARGEST_SHARE = 0.25


class Renewal:
    """Loads candidates when they are out of date, and knows whose lists are to be made with them."""

    def __init__(self, database: Database, writer: JobStore, queue: LiveQueue, ranker: LiveRanker) -> None:
        self._database, self._writer, self._queue, self._ranker = database, writer, queue, ranker
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
            if found is not None:
                self._failed_at = float("-inf")
            return found
        if not self._users and time.monotonic() >= self._failed_at + AGAIN.total_seconds():
            generation = self._wanted()
            if generation is not None:
                self._begun_at = time.monotonic()
                self._loading = Future()
                threading.Thread(target=self._load, args=(self._loading, generation), daemon=True).start()
        return None

    def renew_all(self, loaded: LoadedCandidates) -> bool:
        """Make everybody's list with these candidates; False if another process does."""
        self._spread_until = max(self._spread_until, loaded.candidates.newest_at)
        if not self._queue.may_do("renew", for_the_next=AT_LEAST):
            return False
        self._users = deque(loaded.active)
        return True

    def note_run(self, candidates: LiveCandidates) -> None:
        """A run has published lists with these candidates."""
        self._users.clear()
        if self._ranker.runs_are_full:
            self._spread_until = max(self._spread_until, candidates.newest_at)

    def next_users(self, at_most: int, candidates: LiveCandidates) -> list[str]:
        """Some of the users whose lists are older than these candidates, for a pass."""
        some = [self._users.popleft() for _ in range(min(at_most, len(self._users)))]
        versions = self._writer.list_versions(some, phase=self._ranker.phase) if some else []
        if not self._users:
            self._finish()
        return [user for user, version in zip(some, versions, strict=True) if 0 < version < candidates.version]

    def _wanted(self) -> int | None:
        """The generation of the last publication, if candidates are to be loaded."""
        held, published = self._ranker.candidates, self._writer.last_publication(self._ranker.phase)
        if published is not None and (held is None or published.run > held.generation):
            if held is None:  # later posts stand in no list yet
                self._spread_until = published.at
            return published.run
        if held is None:  # Redis has lost its memory, and the next run may be far away
            return last_fence(self._database, JOB_OF_PHASE[self._ranker.phase])
        if time.monotonic() < self._due_at:
            return None
        self._due_at = time.monotonic() + AT_LEAST.total_seconds()
        with self._database.read() as snapshot:
            newest = newest_post_at(snapshot, since=self._spread_until, now=datetime.now(UTC))
        if newest is None:
            return None
        self._spread_until = newest  # though it may be no candidate: its author does not count, or is suspended
        return held.generation

    def _load(self, answer: "Future[LoadedCandidates | None]", generation: int) -> None:
        """In a thread that does not keep the process from ending: photos may be under way."""
        if not self._ranker.loading.acquire(blocking=False):
            answer.set_result(None)  # a run is under way, and brings newer ones
            return
        try:
            with live_load(self._database):
                answer.set_result(self._ranker.load(self._database, generation=generation, now=datetime.now(UTC)))
        except Exception as error:  # the loop logs it
            answer.set_exception(error)
        finally:
            self._ranker.loading.release()

    def _finish(self) -> None:
        """Wait with the next load, so that all of this takes a share of the time only."""
        now = time.monotonic()
        self._due_at = now + max(AT_LEAST.total_seconds(), (now - self._begun_at) * (1 / LARGEST_SHARE - 1))
