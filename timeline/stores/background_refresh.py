"""Keeps the snapshot fresh in the background, tries stores that are away, and mends a Redis that lost its memory.

Three loops, so that a store that hangs keeps nobody else waiting: a look at Redis, a look at PostgreSQL, and the
errands from PostgreSQL to Redis. A look that does not end is not started again before it does.
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
from timeline.stores.resources import FeedResources
from timeline.stores.safety_updates import SafetyUpdates
from timeline.stores.snapshot_file import SnapshotFile

if TYPE_CHECKING:
    from timeline.metrics import Metrics

BEAT_EVERY = timedelta(seconds=10)
NEWEST_EVERY = timedelta(seconds=30)  # the newest posts are read again this often while everyone's list is there
RETRY_EVERY = timedelta(seconds=0.5)  # a store that is away is tried this often
LOOK_SECONDS = 2.0  # a look that takes longer counts as failed, and goes on
NEVER = -timedelta(days=1)  # by the steady clock, which begins at 0
RUNS_EVERY = timedelta(seconds=15)
RUNS = 100  # runs that are looked at for the newest of each job
IN_A_MOMENT = timedelta(seconds=0.1)  # an act is in Redis within it, unless something is wrong
ON_THEIR_WAY = timedelta(seconds=2)  # acts younger than this are being written by the process that took them
LAST_SECONDS = 1.0  # for what is heard of before the last save
SAVE_EVERY = timedelta(seconds=30)
THREADS = 4  # two a store: a look that hangs leaves one for the other

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
        metrics: "Metrics",
        disk: SnapshotFile | None,
    ) -> None:
        self._metrics = metrics
        self._resources, self._snapshot, self._reader = resources, resources.snapshot, resources.reader
        self._writer, self._safety_updates, self.breakers, self._disk = writer, safety_updates, breakers, disk
        self._installation = installation
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="keeper")
        self.stopped = asyncio.Event()
        self.redis_checked = asyncio.Event()  # for the first time; whether it answered or not
        self._wakeups = {store: asyncio.Event() for store in ("redis", "postgresql", "errands", "outbox")}
        self._published: dict[Phase, Publication] = {}
        self._needs_reload = False
        self._copies = asyncio.Lock()  # none are taken while it is learned whose they may be, nor the other way round
        self._newest_at = self._beat_at = self._saved_at = self._runs_at = NEVER
        self._saved: tuple[int, frozenset[int]] = (self._snapshot.changes, self._reader.deleted.post_numbers)

    def wake(self, store: str) -> None:
        """Look at a store now: a request had no answer."""
        self._wakeups[store].set()

    async def run(self, every: timedelta) -> None:
        """Look, and do errands, until stopped."""
        await asyncio.gather(
            self._loop("redis", self._look_at_redis, every),
            self._loop("postgresql", self._look_at_database, every),
            self._loop("errands", self._do_errands, every),
            self._loop("outbox", self._look_at_outbox, every),
        )
        if self._disk is not None and self._disk.may_name_erased():
            with suppress(WarmlineError, TimeoutError):
                await asyncio.wait_for(self._hear_of_erasures(), LAST_SECONDS)
        await self._save(pause=timedelta(0))

    async def first_checks(self) -> None:
        """Wait until Redis was asked, and PostgreSQL whether what the file brought may be served."""
        await self.redis_checked.wait()
        if self._disk is not None and self._disk.loaded is not None:
            await self._installation.asked.wait()

    def close(self) -> ThreadPoolExecutor:
        """Begin nothing more; gives the threads, of which some may still be at work."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return self._threads

    async def _loop(self, store: str, look: Callable[[], Awaitable[None]], every: timedelta) -> None:
        under_way: asyncio.Future[None] | None = None
        while not self.stopped.is_set():
            under_way = under_way or asyncio.ensure_future(look())
            await asyncio.wait([under_way], timeout=LOOK_SECONDS)
            if under_way.done():
                self._note(store, under_way.exception())
                under_way = None
            else:
                self._note(store, TimeoutError())
            self._metrics.look(self._snapshot.missing)
            await self._rest(store, min(every, RETRY_EVERY) if store in self._snapshot.missing else every)
        if under_way is not None:
            under_way.cancel()

    async def _rest(self, store: str, pause: timedelta) -> None:
        wake = self._wakeups[store]
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), pause.total_seconds())
        wake.clear()

    def stop(self) -> None:
        """End the loops after what is under way."""
        self.stopped.set()
        for store in self._wakeups:
            self.wake(store)

    def _note(self, store: str, error: BaseException | None) -> None:
        """Keep and log how a store stands."""
        missing = self._snapshot.missing
        if store in ("errands", "outbox"):
            if error is not None and not isinstance(error, StoreUnavailable | TimeoutError):
                log_trouble("timeline.errand_failed", kind=type(error).__name__)
            return
        if error is None:
            self.breakers[store].close()
            if missing.pop(store, None):
                log_event("timeline.store_up", store=store)
                self.wake("errands")  # what waited for it
        else:
            if missing.get(store, NOT_ASKED) == NOT_ASKED:
                reason = error if isinstance(error, WarmlineError) else type(error).__name__
                log_trouble("timeline.store_down", store=store, reason=reason)
            missing[store] = _in_short(error)
            if isinstance(error, RedisBehind):  # it answers: pages read its lists, and PostgreSQL decides
                self.breakers[store].close()
        (self.redis_checked if store == "redis" else self._installation.asked).set()
        if self._snapshot.everyone or self._snapshot.newest or NOT_ASKED not in missing.values():
            self._snapshot.first_look.set()

    async def _look_at_redis(self) -> None:
        await self._check_redis()
        if self._installation.id is None and not self._installation.asked.is_set():
            with suppress(TimeoutError):  # else copies would be taken before it is known whose they are
                await asyncio.wait_for(self._installation.asked.wait(), FIRST_LOOK_SECONDS)
            await self._check_redis()
        await self._check_abreast()
        async with self._copies:
            await self._check_redis()  # by what is known now
            self._installation.took_unchecked |= self._installation.id is None
            await self._copy_lists()

    async def _copy_lists(self) -> None:
        publications = await self._reader.publications()
        self._metrics.publications(publications)
        snapshot, published = self._snapshot, publications.get(Phase.HEURISTIC)
        if published is not None and published == self._published.get(Phase.HEURISTIC):
            return
        everyone = await self._reader.everyone()
        if everyone is None:
            return
        new_posts, blocked = await self._reader.new_posts(), await self._reader.blocked()
        known = [
            *codec.post_numbers_of(everyone.entries),
            *(codec.post_numbers_of(new_posts.entries) if new_posts else ()),
        ]
        await self._reader.ensure_posts(known)
        await self._reader.follow_clusters()
        snapshot.everyone = everyone
        snapshot.new_posts = NewPostPool.of(new_posts) if new_posts else None
        snapshot.blocked = blocked or snapshot.blocked
        snapshot.changes += 1
        self._published = publications
        _settle_memory()

    async def _check_abreast(self) -> None:
        """Redis is up once it takes writes and has all acts that were acknowledged while it did not.

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
            self.wake("errands")
            raise

    async def _learn_installation(self) -> None:
        answer = await self._in_thread(self._installation.ask)
        if answer is not None:
            async with self._copies:
                await self._take_installation(answer)
        self._installation.asked.set()

    async def _take_installation(self, answer: InstallationRow) -> None:
        if not self._installation.drops_copies(answer):
            self._installation.take(answer)
            return
        now, limit = datetime.now(UTC), self._resources.lists.everyone_length
        newest = await self._in_thread(partial(newest_posts, self._resources.database, now=now, limit=limit))
        self._installation.take(answer)
        self._snapshot.take_newest(newest, now, asked_for=limit)  # at once: no page may find nothing
        self._published = {}  # what was copied is gone: it is copied anew
        self.wake("redis")

    async def _look_at_database(self) -> None:
        database, snapshot = self._resources.database, self._snapshot
        await self._learn_installation()
        snapshot.take_phase(await self._in_thread(partial(read_phase, database)))
        await self._hear_of_erasures()
        now, steady = datetime.now(UTC), _steady_clock()
        if steady - self._beat_at >= BEAT_EVERY:
            await self._in_thread(partial(record_heartbeat, database, "timeline", worker=worker_name()))
            self._beat_at = steady
        if snapshot.everyone is None or snapshot.newest is None or steady - self._newest_at >= NEWEST_EVERY:
            limit = self._resources.lists.everyone_length
            posts = await self._in_thread(partial(newest_posts, database, now=now, limit=limit))
            snapshot.take_newest(posts, now, asked_for=limit)
            self._newest_at = steady
        if steady - self._runs_at >= RUNS_EVERY:
            runs = await self._in_thread(partial(recent_runs, database, limit=RUNS))
            self._metrics.runs([dict(run) for run in runs])
            self._runs_at = steady

    async def _do_errands(self) -> None:
        """What goes from PostgreSQL to Redis, and from here to the disk."""
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
        await self._safety_updates.bring_up_to_date(older_than=ON_THEIR_WAY)
        await self._safety_updates.finish_erasures()

    async def _look_at_outbox(self) -> None:
        """Let PostgreSQL decide while an act, of whichever process, is not in Redis yet.

        Where a request had no answer of Redis this comes at once: an act may have had none either.
        """
        if await self._safety_updates.has_pending(older_than=IN_A_MOMENT):
            self._resources.stores.mark_redis_behind()
        await asyncio.sleep(IN_A_MOMENT.total_seconds())  # however many requests have no answer

    async def _hear_of_erasures(self) -> None:
        """Forget who was erased, through whichever process; the file is written once all is known that it must lack.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        elsewhere = self._disk.erasures_elsewhere() if self._disk is not None else 0
        await self._safety_updates.hear_of_erasures()
        if self._disk is None or elsewhere == self._disk.heard:
            return
        await self._safety_updates.withhold_posts_of_erased()
        with suppress(WarmlineError):  # then the next look hears of it
            await self._check_redis()  # which has the posts of erasures that are done
            self._disk.heard = elsewhere

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
        steady, snapshot = _steady_clock(), self._snapshot
        state = (snapshot.changes, self._reader.deleted.post_numbers)
        if self._disk is None or not self._disk.is_kept_here or state == self._saved or self._disk.may_name_erased():
            return
        if steady - self._saved_at < pause:
            return
        self._saved, self._saved_at = state, steady
        await self._in_thread(partial(self._disk.save, snapshot, self._reader.deleted))
        snapshot.foreign_file = str(self._disk.path) if self._disk.is_foreign else None

    async def _in_thread(self, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _in_short(error: BaseException) -> str:
    """What is the matter with a store, for whoever asks whether this process is ready; the log says more."""
    for kind, words in _IN_SHORT.items():
        if isinstance(error, kind):
            return words
    return "does not answer"


_IN_SHORT: Mapping[type[BaseException], str] = {
    MemoryLost: "lost its memory; deletions and blocks are being loaded",
    WritesRefused: "refuses writes; PostgreSQL decides what may be shown",
    RedisBehind: "lacks what was blocked or deleted; PostgreSQL decides what may be shown",
    StoreReadOnly: "is read-only; it was demoted, or is a standby",
    ForeignInstallation: "belongs to another installation",
}


def _steady_clock() -> timedelta:
    """For pauses: the clock that nobody sets. By the other one, set back by an hour, nothing would be done for one."""
    return timedelta(seconds=time.monotonic())


def _settle_memory() -> None:
    """Have Python's collector pass over what stays, a catalogue of up to a million posts: a look at it stops all pages.

    Only in a process that began so (`python -m timeline`); what is frozen is still freed when nobody refers to it.
    """
    if gc.get_freeze_count():
        gc.collect()
        gc.freeze()
