"""The loop: takes users whose lists are out of date from the queue, and makes their lists anew.

It runs in a thread of a ranker, beside its runs. Only the users' own events are read for a pass; everything else is in
memory, and is renewed by the runs.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.candidates.ranking_input import catalogue_entries_of
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.live_passes import LivePass, live_load, live_pass
from shared.db.tombstones import buried
from shared.domain import AuthorHashes
from shared.errors import SourceError, StoreUnavailable, WarmlineError
from shared.live.follow import Follower
from shared.live.ranker import LiveLists, LiveRanker, PublishMore
from shared.live.renew import Renewal
from shared.live.settings import LiveSettings
from shared.live.users import LiveCandidates
from shared.logs import log_event, log_trouble
from shared.operations.safety import claim_redis
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue, QueueLost, Waiting

USERS_AT_ONCE = 128  # and as many entries of the queue; of a pass, up to twice as many users
ENTRIES_AT_ONCE = (
    4_096  # of few users who act again and again: then a full queue takes as few passes as there are users
)
# What one user does within this time is one pass. Twice this and a pass are well below the 2 seconds that are promised.
BURST = timedelta(milliseconds=150)
LOOK_AFTER = timedelta(seconds=1)  # to the queue, to other processes, to newer candidates
MAX_PASS = timedelta(seconds=20)  # below the time after which PostgreSQL ends it: older data are not written
WITHDRAWN_FOR = timedelta(hours=1)  # longer than a run, which may have read older data
LOG_EVERY = timedelta(seconds=30)


class LiveLoop:
    """Keeps the lists of one phase up to date."""

    def __init__(
        self, *, database: Database, writer: JobStore, queue: LiveQueue, ranker: LiveRanker, settings: LiveSettings
    ) -> None:
        self._database, self._writer, self._queue, self._ranker = database, writer, queue, ranker
        self._follower = Follower(database, writer, queue, ranker.phase, settings)
        self._renewal = Renewal(database, writer, queue, ranker)
        self._is_open = False
        self._looked_at = self._logged_at = float("-inf")
        self._candidates: LiveCandidates | None = None  # with which the last pass was made
        self._written: dict[str, int] = {}  # user -> version of their list, since these candidates are used

    def run(self, stop: threading.Event) -> None:
        """Serve the queue until told to stop. What fails is tried again."""
        while not stop.is_set():
            try:
                self.turn(stop)
            except QueueLost:
                self._is_open = False
            except Exception as error:  # the lists that there are stay; the runs go on
                if self._may_log():
                    log_trouble("live.retry", phase=self._ranker.phase, reason=_reason(error))
                self._is_open = False
                stop.wait(LOOK_AFTER.total_seconds())
        self._follower.close()

    def turn(self, stop: threading.Event) -> int:
        """Serve the users who wait now, or wait a little for some; returns how many there were.

        Raises:
            QueueLost: Redis lost the queue; the next turn opens it again.
            StoreUnavailable, SourceError: a store does not answer; nobody is lost.
        """
        if time.monotonic() >= self._looked_at + LOOK_AFTER.total_seconds():
            self._looked_at = time.monotonic()
            waiting = self._look_after()
        else:
            waiting = []
        if not self._is_open:
            stop.wait(LOOK_AFTER.total_seconds())
            return 0
        wait = timedelta(0) if self._renewal.is_busy else LOOK_AFTER / 2
        waiting = waiting or self._queue.take(USERS_AT_ONCE, wait=wait)
        if waiting and len(waiting) < USERS_AT_ONCE:
            stop.wait(BURST.total_seconds())
        if waiting:
            fill_pass(self._queue, waiting)
        if waiting:
            self._serve(waiting)
        elif self._renewal.is_busy:
            self._renew_some(stop)
        return len(waiting)

    def _renew_some(self, stop: threading.Event) -> None:
        """Make some of everybody's lists with newer candidates, and pause for as long: users who wait come first."""
        candidates, begun = self._ranker.candidates, time.monotonic()
        if candidates is not None:
            users = self._renewal.next_users(USERS_AT_ONCE, candidates)
            if users:
                self._rank_all(users)
                self._queue.count(renewed=len(users))
        stop.wait(time.monotonic() - begun)

    def _look_after(self) -> list[Waiting]:
        """Renew candidates and queue; find missed events; returns users whom another process left."""
        self._renew()
        if self._ranker.candidates is None:
            return []
        if not self._is_open:
            self._open(self._ranker.candidates)
        self._queue.stay()
        self._follower.follow()
        return self._queue.take_over(USERS_AT_ONCE)

    def _open(self, candidates: LiveCandidates) -> None:
        claim_redis(self._database, self._writer)
        if self._queue.open():  # Redis may have lost its memory
            self._publish_catalogue(candidates)
        log_event("live.listening", phase=self._ranker.phase, posts=len(candidates.posts))
        self._follower.start_again()
        self._is_open = True

    def _renew(self) -> None:
        """Use newer candidates, of a run or loaded beside the runs, and rank again whom older ones were used for."""
        loaded, held = self._renewal.loaded(), self._ranker.candidates
        is_loaded = loaded is not None and (held is None or loaded.candidates.version > held.version)
        if loaded is not None and is_loaded:
            # It may have posts that are newer than the last run.
            self._publish_catalogue(loaded.candidates, then=loaded.publish)
            loaded.use()
        fresh = self._ranker.candidates
        if fresh is None or fresh is self._candidates:
            return
        # Lists of the candidates before, with versions that are higher than those of the lists with these ones.
        outdated = [user for user, version in self._written.items() if is_loaded or version > fresh.version]
        if loaded is not None and is_loaded:
            # Another process's run has made everybody's list itself.
            is_of_new_posts = held is not None and loaded.candidates.generation == held.generation
            if is_of_new_posts and self._renewal.renew_all(loaded):
                outdated = []
        else:
            self._renewal.note_run(fresh)
        self._candidates, self._written = fresh, {}
        self._follower.add(outdated)

    def _publish_catalogue(self, candidates: LiveCandidates, then: PublishMore = lambda *_: None) -> None:
        """Lists need a catalogue that knows their posts; those that were erased since they were loaded are left out."""
        entries = catalogue_entries_of(candidates.posts, candidates.post_numbers, candidates.clusters, AuthorHashes())
        with live_load(self._database) as connection:
            gone = buried(connection, "posts", candidates.posts.ids)
            self._writer.publish_catalogue(entry for entry in entries if entry.post_id not in gone)
            then(self._writer, gone)

    def _serve(self, waiting: Sequence[Waiting]) -> None:
        begun, cpu = time.monotonic(), time.thread_time()
        users = list(dict.fromkeys(each.user_id for each in waiting))
        self._rank_all(users)
        self._queue.finish(waiting)
        lag = self._queue.now() - min(each.since for each in waiting)
        self._queue.count(
            passes=len(users), batches=1, seconds=time.monotonic() - begun, cpu_seconds=time.thread_time() - cpu,
            lag_seconds=max(0.0, lag), events=len(waiting),
        )  # fmt: skip

    def _rank_all(self, users: Sequence[str]) -> None:
        """A pass over these users; if it fails for another reason than a store, each has one of their own."""
        try:
            self._rank(users)
        except (StoreUnavailable, SourceError):
            raise
        except Exception as error:
            if len(users) == 1:  # the next run tries again
                if self._may_log():
                    log_trouble("live.skipped", phase=self._ranker.phase, reason=_reason(error))
                return
            for user in users:
                self._rank_all([user])

    def _rank(self, users: Sequence[str]) -> None:
        begun = time.monotonic()
        with live_pass(self._database) as taken:
            with self._database.read() as snapshot:
                made = self._made(snapshot, users, taken)
            if time.monotonic() - begun > MAX_PASS.total_seconds():
                raise StoreUnavailable(f"a live pass took more than {MAX_PASS.total_seconds():.0f} s; it is repeated")
            phase = self._ranker.phase
            if made.lists:
                self._writer.replace_lists(made.lists, phase=phase)
            if made.withdrawn:
                self._writer.replace_lists(made.withdrawn, phase=phase, keep_for=WITHDRAWN_FOR)
        self._note(taken, users, [*made.lists, *made.withdrawn])

    def _made(self, snapshot: DatabaseSnapshot, users: Sequence[str], taken: LivePass) -> LiveLists:
        try:
            return self._ranker.rank(snapshot, users, version=taken.version, now=datetime.now(UTC))
        except (StoreUnavailable, SourceError):
            raise
        except Exception:
            if len(users) == 1:  # who is skipped is not found as missed again and again
                self._note(taken, users, [])
            raise

    def _note(self, taken: LivePass, users: Sequence[str], with_list: Sequence[str]) -> None:
        self._written |= dict.fromkeys(with_list, taken.version)
        self._follower.missed.note(taken, without_list=set(users).difference(with_list))

    def _may_log(self) -> bool:
        """Whether the last line about trouble is long enough ago."""
        if time.monotonic() < self._logged_at + LOG_EVERY.total_seconds():
            return False
        self._logged_at = time.monotonic()
        return True


def _reason(error: Exception) -> str:
    # An unexpected error may quote a user's id.
    return str(error).partition("\n")[0] if isinstance(error, WarmlineError) else type(error).__name__


def fill_pass(queue: LiveQueue, waiting: list[Waiting]) -> None:
    """Take what else waits, up to a pass of different users: those who act again and again cost one pass for all."""
    while len(waiting) < ENTRIES_AT_ONCE and len({each.user_id for each in waiting}) < USERS_AT_ONCE:
        more = queue.take(USERS_AT_ONCE)
        waiting += more
        if len(more) < USERS_AT_ONCE:
            break
