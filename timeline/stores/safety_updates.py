"""Brings what was just deleted, blocked or erased from PostgreSQL to Redis, at once or as soon as Redis is back.

What this process holds itself, in memory and on disk, changes at once in any case.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from shared.db.engine import Database
from shared.db.erasure import (
    Erasure,
    erase_again,
    erased_lately,
    erasures_under_way,
    least_runs,
    may_be_settled,
    settle_erasure,
)
from shared.db.newest import viewers_of
from shared.db.safety import next_safety_version
from shared.db.safety_outbox import SafetyChange, pending_changes, settle_changes
from shared.domain import author_hash, hash_of_user
from shared.eligibility import Viewer
from shared.errors import SourceError, StoreUnavailable
from shared.logs import log_event, log_trouble
from shared.operations.safety import JOBS_THAT_PUBLISH
from shared.ranked_lists.catalogue import DeletedPosts
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.user_store import UserStore
from shared.settings import WindowSettings
from timeline.stores.budgets import Stores
from timeline.stores.local_chains import LocalChains
from timeline.stores.local_copies import Snapshot
from timeline.stores.snapshot_file import SnapshotFile
from timeline.stores.worker_threads import WorkerThreads

THREADS = 2
HEARD_MARGIN = timedelta(minutes=1)  # an erasure is dated before it is durable


class KeepsUsers(Protocol):
    """Something else in this process that keeps what an erased user has to be forgotten in."""

    def users(self) -> set[str]:
        """Of whom it keeps something."""
        ...

    def forget(self, user_id: str) -> None:
        """Keep nothing of a user."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopies:
    """What this process obeys even while no store answers, and what a later one is served from."""

    deleted: DeletedPosts
    local_chains: LocalChains
    snapshot: Snapshot
    authorizer: KeepsUsers
    disk: SnapshotFile | None

    def users(self) -> set[str]:
        """Of whom something is kept here."""
        return self.local_chains.users() | self.authorizer.users()

    def forget_user(self, user_id: str) -> None:
        """Drop what is kept of an erased user besides their posts."""
        self.local_chains.forget(user_id)
        self.authorizer.forget(user_id)
        self.snapshot.forget_blocks_of(author_hash(user_id))

    def note_erasure(self) -> None:
        """Have the processes beside this one write nothing to the disk before they have heard of an erasure."""
        if self.disk is not None and self.disk.worker is not None:
            self.disk.worker.note_erasure()

    def save(self) -> bool:
        """Have the disk hold nothing that was erased; False when it refuses."""
        return self.disk is None or self.disk.save_without_erased(self.snapshot, self.deleted)


class SafetyUpdates:
    """Writes to Redis what must not be shown from now on. What could not be written stands in PostgreSQL's outbox."""

    def __init__(
        self,
        *,
        database: Database,
        writer: JobStore,
        user_store: UserStore,
        window: WindowSettings,
        own: LocalCopies,
        stores: Stores,
    ) -> None:
        self._database, self._writer, self._user_store, self._window = database, writer, user_store, window
        self._own, self._stores = own, stores
        self._threads = WorkerThreads("withheld", threads=THREADS)
        self._heard_at = time.monotonic()
        self._heard: frozenset[str] = frozenset()  # whose erasures were heard of within the margin

    async def apply(self, change: SafetyChange) -> bool:
        """Have every page obey an act from now on; False while it is durable, and not known to every process yet.

        A Redis that is away or behind is not waited for: the keeper brings it what stands in the outbox.
        """
        if change.id is None:
            return True
        self._own.deleted.add(change.post_numbers)
        is_usable = self._stores.is_redis_usable
        try:
            await self._threads.run(partial(self._write if is_usable else self._take, [change]))
            if not is_usable:
                raise StoreUnavailable("Redis is away or behind; it was not asked")
        except (StoreUnavailable, SourceError) as error:
            log_trouble(
                "timeline.safety_waits", users=len(change.user_ids), posts=len(change.post_numbers), reason=error
            )
            self._stores.mark_redis_behind()
            return False
        self._threads.submit(partial(self._settle, [change]))
        return True

    async def bring_up_to_date(self, *, older_than: timedelta = timedelta(0)) -> None:
        """Write all that stands in the outbox, whichever process put it there.

        Raises:
            StoreUnavailable, SourceError: a store does not answer, or Redis refuses; what is left stays in the outbox.
        """
        while changes := await self._threads.run(partial(pending_changes, self._database, older_than=older_than)):
            await self._threads.run(partial(self._write, changes))
            await self._threads.run(partial(self._settle, changes))
            log_event("timeline.safety_caught_up", changes=len(changes))

    async def has_pending(self, *, older_than: timedelta) -> bool:
        """Whether acts stand in the outbox, whichever process put them there.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        return bool(await self._threads.run(partial(pending_changes, self._database, older_than=older_than, at_most=1)))

    async def forget_user(self, erasure: Erasure) -> bool:
        """Take all traces of an erased user out of Redis and off the disk; False when some have to wait."""
        self._own.forget_user(erasure.user_id)
        self._own.deleted.add(erasure.post_numbers)
        self._own.note_erasure()
        is_off_disk = await self._threads.run(self._own.save)
        is_known = await self.apply(erasure.blocked)
        return await self._sweep(erasure) and is_known and is_off_disk

    async def hear_of_erasures(self) -> None:
        """Drop what this process keeps of users whom any process has erased since the last time.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        heard_at = time.monotonic()
        within = timedelta(seconds=heard_at - self._heard_at) + HEARD_MARGIN  # no clock that somebody sets
        erased = await self._threads.run(partial(erased_lately, self._database, within=within))
        self._heard_at = heard_at
        if erased.keys() - self._heard:
            users = self._own.users()
            for user_id in await self._threads.run(lambda: [user for user in users if hash_of_user(user) in erased]):
                self._own.forget_user(user_id)
        self._heard = frozenset(erased)

    async def withhold_posts_of_erased(self) -> None:
        """Withhold the posts of erasures under way, which Redis may lack.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        for erasure in await self._threads.run(partial(erasures_under_way, self._database)):
            self._own.deleted.add(erasure.post_numbers)

    async def finish_erasures(self) -> None:
        """Finish the erasures that any process has begun."""
        with suppress(StoreUnavailable, SourceError):  # a PostgreSQL that is away is no fault of Redis
            for erasure in await self._threads.run(partial(erasures_under_way, self._database)):
                await self._sweep(erasure)

    def close(self) -> ThreadPoolExecutor:
        """Begin nothing more; gives the threads, of which some may still be at work."""
        return self._threads.close()

    def _take(self, changes: Sequence[SafetyChange]) -> dict[str, Viewer]:
        """Read anew what users of these changes must not be shown; this process obeys it at once."""
        users = {user_id for change in changes for user_id in change.user_ids}
        since = datetime.now(UTC) - self._window.window
        viewers = viewers_of(self._database, users, since=since) if users else {}
        for user_id, viewer in viewers.items():
            self._own.local_chains.put_viewer(user_id, viewer)
        return viewers

    def _write(self, changes: Sequence[SafetyChange]) -> None:
        """Write what these changes name; the version is taken after their commit, before anything is read."""
        version, post_numbers = (
            next_safety_version(self._database),
            {number for change in changes for number in change.post_numbers},
        )
        viewers = self._take(changes)
        if post_numbers:
            self._writer.add_deleted(post_numbers, version=version)
        if viewers:
            self._writer.renew_viewers(viewers, version=version)

    def _settle(self, changes: Sequence[SafetyChange]) -> None:
        with suppress(StoreUnavailable, SourceError):  # then they are written once more
            settle_changes(self._database, [change.id for change in changes if change.id is not None])

    async def _sweep(self, erasure: Erasure) -> bool:
        """Delete what is left of a user; done when nobody is under way who may bring them back."""
        try:
            is_last = await self._threads.run(partial(may_be_settled, self._database, erasure))
            found = await self._threads.run(partial(self._take_out, erasure))
            if not self._own.deleted.post_numbers.issuperset(
                found.post_numbers
            ):  # a run under way had given them new numbers
                self._own.deleted.add(found.post_numbers)
                is_last &= await self._threads.run(self._own.save)
            if is_last:
                await self._threads.run(partial(settle_erasure, self._database, erasure))
                log_event("timeline.erased", posts=len(found.post_numbers))
        except (StoreUnavailable, SourceError):
            return False
        return is_last

    def _take_out(self, erasure: Erasure) -> Erasure:
        """Whoever writes of the user learns of it first; then nothing that is deleted can come back."""
        self._writer.note_erased({hash_of_user(erasure.user_id): datetime.now(UTC)})
        self._writer.give_up_runs(least_runs(self._database, JOBS_THAT_PUBLISH))
        found = erase_again(self._database, erasure)
        version = next_safety_version(self._database)
        self._writer.add_deleted(found.post_numbers, version=version)
        self._writer.remove_from_blocks(found.user_id, version=version)
        self._user_store.forget_user(found.user_id, found.post_numbers)
        return found
