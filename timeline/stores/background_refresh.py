"""Refreshes the snapshot in the background, retries stores that are away, and refills a Redis that lost its memory.

Four loops, so that a store that hangs delays no other: the check of Redis, the check of PostgreSQL, the sync tasks from
PostgreSQL to Redis, and the check of the outbox. A check that hangs is not started a second time.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shared.db.newest import newest_posts
from shared.db.phases import read_phase
from shared.db.runs import recent_runs, record_heartbeat, worker_name
from shared.domain import Phase
from shared.errors import (
    ForeignInstallation,
    RedisBehind,
    SourceError,
    StoreReadOnly,
    StoreUnavailable,
    WarmlineError,
    WritesRefused,
)
from shared.logs import log_event, log_trouble
from shared.operations.safety import reload_safety
from shared.ranked_lists import codec
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.timeline_store import MemoryLost
from timeline.stores.breaker import Breaker
from timeline.stores.installation import Installation, InstallationRow
from timeline.stores.local_copies import FIRST_LOOK_SECONDS, NOT_ASKED
from timeline.stores.new_post_pool import NewPostPool
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.resources import FeedResources
from timeline.stores.safety_updates import SafetyUpdates
from timeline.stores.snapshot_file import SnapshotFile

if TYPE_CHECKING:
    from timeline.metrics import Metrics

BEAT_EVERY = timedelta(seconds=10)
NEWEST_EVERY = timedelta(seconds=30)  # between two reads of the newest posts, while everyone's list is there
RETRY_EVERY = timedelta(seconds=0.5)  # a store that is away is tried this often
CHECK_SECONDS = 2.0  # a check that takes longer counts as failed, and goes on
NEVER = -timedelta(days=1)  # on the monotonic clock, which begins at 0
RUNS_EVERY = timedelta(seconds=15)
RUNS = 100  # newest runs that are read to find the last one of each job
ACT_DELAY = timedelta(seconds=0.1)  # an act reaches Redis within this time, unless something is wrong
IN_PROGRESS = timedelta(seconds=2)  # younger acts are being written by the process that accepted them
STOP_SECONDS = 1.0  # for learning of erasures before the last save
SAVE_EVERY = timedelta(seconds=30)
THREADS = 4  # two for each store: a check that hangs leaves one free

ResultT = TypeVar("ResultT")


class BackgroundRefresh:
    """The background work of one timeline process."""

    def __init__(
        self,
        resources: FeedResources,
        *,
        writer: JobStore,
        safety_updates: SafetyUpdates,
        installation: Installation,
        breakers: Mapping[str, Breaker],
        redis_writes: RedisWrites,
        metrics: "Metrics",
        disk: SnapshotFile | None,
    ) -> None:
        self._metrics = metrics
        self._resources, self._snapshot, self._reader = resources, resources.snapshot, resources.reader
        self._writer, self._safety_updates, self.breakers, self._disk = writer, safety_updates, breakers, disk
        self._installation, self._redis_writes = installation, redis_writes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="background")
        self.stopped = asyncio.Event()
        self.redis_checked = asyncio.Event()  # for the first time, with or without an answer
        self._wakeups = {store: asyncio.Event() for store in ("redis", "postgresql", "sync", "outbox")}
        self._published: dict[Phase, Publication] = {}
        self._needs_reload = False
        self._copies = asyncio.Lock()  # no copies are made while the installation's id is being learned, and vice versa
        self._newest_at = self._beat_at = self._saved_at = self._runs_at = NEVER
        self._saved: tuple[int, frozenset[int]] = (self._snapshot.changes, self._reader.withheld.post_numbers)

    def wake(self, store: str) -> None:
        """Check a store now: it did not answer a request."""
        self._wakeups[store].set()

    async def run(self, every: timedelta) -> None:
        """Run all loops until stopped."""
        await asyncio.gather(
            self._loop("redis", self._refresh_from_redis, every),
            self._loop("postgresql", self._refresh_from_database, every),
            self._loop("sync", self._sync, every),
            self._loop("outbox", self._check_outbox, every),
        )
        if self._disk is not None and self._disk.may_name_erased():
            with suppress(WarmlineError, TimeoutError):
                await asyncio.wait_for(self._learn_of_erasures(), STOP_SECONDS)
        await self._save(pause=timedelta(0))

    async def first_checks(self) -> None:
        """Wait for the first check of Redis, and for PostgreSQL to say whether the snapshot file may be served."""
        await self.redis_checked.wait()
        if self._disk is not None and self._disk.loaded is not None:
            await self._installation.checked.wait()

    def close(self) -> ThreadPoolExecutor:
        """Accept no more work; returns the pool, whose threads may still be busy."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return self._threads

    async def _loop(self, name: str, check: Callable[[], Awaitable[None]], every: timedelta) -> None:
        under_way: asyncio.Future[None] | None = None
        while not self.stopped.is_set():
            under_way = under_way or asyncio.ensure_future(check())
            await asyncio.wait([under_way], timeout=CHECK_SECONDS)
            if under_way.done():
                self._note(name, under_way.exception())
                under_way = None
            else:
                self._note(name, TimeoutError())
            self._metrics.stores_checked(self._snapshot.missing)
            await self._pause(name, min(every, RETRY_EVERY) if name in self._snapshot.missing else every)
        if under_way is not None:
            under_way.cancel()

    async def _pause(self, name: str, pause: timedelta) -> None:
        wakeup = self._wakeups[name]
        with suppress(TimeoutError):
            await asyncio.wait_for(wakeup.wait(), pause.total_seconds())
        wakeup.clear()

    def stop(self) -> None:
        """End the loops, after the checks that are running."""
        self.stopped.set()
        for name in self._wakeups:
            self.wake(name)

    def _note(self, name: str, error: BaseException | None) -> None:
        """Record and log the outcome of a check."""
        missing = self._snapshot.missing
        if name in ("sync", "outbox"):
            if error is not None and not isinstance(error, StoreUnavailable | TimeoutError):
                log_trouble("timeline.errand_failed", kind=type(error).__name__)
            return
        if error is None:
            self._note_answer(name)
            if missing.pop(name, None):
                log_event("timeline.store_up", store=name)
                self.wake("sync")  # it may have waited for this store
        else:
            if missing.get(name, NOT_ASKED) == NOT_ASKED:
                reason = error if isinstance(error, WarmlineError) else type(error).__name__
                log_trouble("timeline.store_down", store=name, reason=reason)
            missing[name] = _summary_of(error)
            if isinstance(error, RedisBehind):  # it answers: pages read its lists, and PostgreSQL decides
                self._note_answer(name)
        (self.redis_checked if name == "redis" else self._installation.checked).set()
        if self._snapshot.everyone or self._snapshot.newest or NOT_ASKED not in missing.values():
            self._snapshot.first_look.set()

    def _note_answer(self, name: str) -> None:
        self.breakers[name].close()
        if name == "redis":
            self._redis_writes.note_answer()

    async def _refresh_from_redis(self) -> None:
        await self._check_redis()
        if self._installation.id is None and not self._installation.checked.is_set():
            with suppress(TimeoutError):  # no copies should be made before the installation's id is known
                await asyncio.wait_for(self._installation.checked.wait(), FIRST_LOOK_SECONDS)
            await self._check_redis()
        await self._check_current()
        async with self._copies:
            await self._check_redis()  # the id may be known now
            self._installation.has_unchecked_copies |= self._installation.id is None
            await self._copy_lists()

    async def _copy_lists(self) -> None:
        publications = await self._reader.publications()
        self._metrics.publications(publications)
        self._metrics.live(await self._reader.live_figures())
        snapshot, published = self._snapshot, publications.get(Phase.HEURISTIC)
        if published is not None and published == self._published.get(Phase.HEURISTIC):
            return
        everyone = await self._reader.everyone()
        if everyone is None:
            return
        new_posts, blocked = await self._reader.new_posts(), await self._reader.blocked()
        onboarding = await self._reader.onboarding()
        post_numbers = [
            *codec.post_numbers_of(everyone.entries),
            *(codec.post_numbers_of(new_posts.entries) if new_posts else ()),
            *(onboarding.post_numbers() if onboarding else ()),
        ]
        await self._reader.ensure_posts(post_numbers)
        await self._reader.follow_clusters()
        snapshot.everyone = everyone
        snapshot.new_posts = NewPostPool.of(new_posts) if new_posts else None
        snapshot.onboarding = onboarding
        snapshot.blocked = blocked or snapshot.blocked
        snapshot.changes += 1
        self._published = publications
        _freeze_memory()

    async def _check_current(self) -> None:
        """Redis is up once it takes writes, and has all acts that were acknowledged while it did not.

        Raises:
            WritesRefused: it answers, and refuses.
            StoreUnavailable: it does not answer.
        """
        stores, missing = self._resources.stores, self._snapshot.missing
        as_of = stores.times_behind
        try:
            await self._resources.page_writer.check_writable()
        except WritesRefused:
            stores.mark_redis_behind()
            raise
        was_away = missing.get("redis", NOT_ASKED) != NOT_ASKED
        if stores.is_redis_behind or was_away:
            try:
                await self._safety_updates.bring_up_to_date()
            except (StoreUnavailable, SourceError) as error:
                if stores.is_redis_behind:
                    raise RedisBehind(f"Redis may lack acts, which cannot be brought there now: {error}") from error
        stores.mark_redis_current(as_of=as_of)

    async def _check_redis(self) -> None:
        try:
            await self._reader.check_safe()
        except MemoryLost:
            self._needs_reload = True
            self.wake("sync")
            raise

    async def _learn_installation(self) -> None:
        answer = await self._in_thread(self._installation.read)
        if answer is not None:
            async with self._copies:
                await self._adopt_installation(answer)
        self._installation.checked.set()

    async def _adopt_installation(self, answer: InstallationRow) -> None:
        if not self._installation.drops_copies(answer):
            self._installation.adopt(answer)
            return
        now, limit = datetime.now(UTC), self._resources.lists.everyone_length
        newest = await self._in_thread(partial(newest_posts, self._resources.database, now=now, limit=limit))
        self._installation.adopt(answer)
        self._snapshot.take_newest(newest, now, asked_for=limit)  # at once, so that no page is empty
        self._published = {}  # the copies are gone, and must be made again
        self.wake("redis")

    async def _refresh_from_database(self) -> None:
        database, snapshot = self._resources.database, self._snapshot
        await self._learn_installation()
        snapshot.take_phase(await self._in_thread(partial(read_phase, database)))
        await self._learn_of_erasures()
        now, monotonic_now = datetime.now(UTC), _monotonic()
        if monotonic_now - self._beat_at >= BEAT_EVERY:
            await self._in_thread(partial(record_heartbeat, database, "timeline", worker=worker_name()))
            self._beat_at = monotonic_now
        if snapshot.everyone is None or snapshot.newest is None or monotonic_now - self._newest_at >= NEWEST_EVERY:
            limit = self._resources.lists.everyone_length
            posts = await self._in_thread(partial(newest_posts, database, now=now, limit=limit))
            snapshot.take_newest(posts, now, asked_for=limit)
            self._newest_at = monotonic_now
        await self._read_facts_ahead()
        if monotonic_now - self._runs_at >= RUNS_EVERY:
            runs = await self._in_thread(partial(recent_runs, database, limit=RUNS))
            self._metrics.runs([dict(run) for run in runs])
            self._runs_at = monotonic_now

    async def _read_facts_ahead(self) -> None:
        """What the posts of shared lists say, as long as there are viewers who want posts withheld by it."""
        pool, shared = self._snapshot.new_posts, self._snapshot.shared().post_number_set
        wanted = shared | pool.indexed.post_number_set if pool is not None else shared
        if self._snapshot.onboarding is not None:
            wanted |= self._snapshot.onboarding.post_numbers()
        await self._resources.post_facts.read_ahead(wanted, self._in_thread)

    async def _sync(self) -> None:
        """Write what PostgreSQL has and Redis lacks to Redis, and the snapshot to the disk."""
        self._drop_stale_pool()
        await self._save()
        if "redis" in self._snapshot.missing and not self._needs_reload:
            return
        if self._needs_reload:
            viewers = await self._in_thread(self._reload_safety)
            self._needs_reload = False
            log_event("timeline.safety_reloaded", viewers=viewers)
            self.wake("redis")
        if self._snapshot.phase.version > 0:
            await self._in_thread(partial(self._writer.write_phase, self._snapshot.phase))
        await self._safety_updates.bring_up_to_date(older_than=IN_PROGRESS)
        await self._safety_updates.end_expired()
        await self._safety_updates.finish_erasures()

    async def _check_outbox(self) -> None:
        """Let PostgreSQL decide while an act, accepted by any process, is not in Redis yet.

        It runs at once after a request without an answer from Redis: a write of an act may have failed, too.
        """
        if await self._safety_updates.has_pending(older_than=ACT_DELAY):
            self._resources.stores.mark_redis_behind()
        await asyncio.sleep(ACT_DELAY.total_seconds())  # limits the rate while many requests get no answer

    async def _learn_of_erasures(self) -> None:
        """Drop the data of users erased through any process; the file is written once all that it must lack is known.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        elsewhere = self._disk.erasures_elsewhere() if self._disk is not None else 0
        await self._safety_updates.learn_of_erasures()
        if self._disk is None or elsewhere == self._disk.known_erasures:
            return
        await self._safety_updates.withhold_posts_of_erased()
        with suppress(WarmlineError):  # then the next check learns of it
            await self._check_redis()  # reads the deleted posts, also those of finished erasures
            self._disk.known_erasures = elsewhere

    def _drop_stale_pool(self) -> None:
        pool = self._snapshot.new_posts
        if pool is not None and datetime.now(UTC) - pool.ranked.generated_at > self._resources.new_posts.new_for:
            self._snapshot.new_posts = None

    def _reload_safety(self) -> int:
        since = datetime.now(UTC) - self._resources.window.window
        return reload_safety(
            self._resources.database, self._writer, since=since, keep_for=self._resources.lists.keep_for
        )

    async def _save(self, *, pause: timedelta = SAVE_EVERY) -> None:
        monotonic_now, snapshot = _monotonic(), self._snapshot
        state = (snapshot.changes, self._reader.withheld.post_numbers)
        if self._disk is None or not self._disk.is_written_here or state == self._saved or self._disk.may_name_erased():
            return
        if monotonic_now - self._saved_at < pause:
            return
        self._saved, self._saved_at = state, monotonic_now
        await self._in_thread(partial(self._disk.save, snapshot, self._reader.withheld))
        snapshot.foreign_file = str(self._disk.path) if self._disk.is_foreign else None

    async def _in_thread(self, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _summary_of(error: BaseException) -> str:
    """What is wrong with a store, in short, for `/readyz`; the log says more."""
    for kind, summary in _SUMMARIES.items():
        if isinstance(error, kind):
            return summary
    return "does not answer"


_SUMMARIES: Mapping[type[BaseException], str] = {
    MemoryLost: "lost its memory; deletions and blocks are being loaded",
    WritesRefused: "refuses writes; PostgreSQL decides what may be shown",
    RedisBehind: "lacks what was blocked or deleted; PostgreSQL decides what may be shown",
    StoreReadOnly: "is read-only; it was demoted, or is a standby",
    ForeignInstallation: "belongs to another installation",
}


def _monotonic() -> timedelta:
    """The monotonic clock. With the system clock set back by an hour, nothing would be refreshed for an hour."""
    return timedelta(seconds=time.monotonic())


def _freeze_memory() -> None:
    """Exclude long-lived objects from garbage collection: scanning a catalogue of a million posts would stop all pages.

    Only in a process that froze objects at its start (`python -m timeline`). A frozen object is still freed when its
    last reference goes.
    """
    if gc.get_freeze_count():
        gc.collect()
        gc.freeze()
