"""Writes new deletions, takedowns, blocks and erasures from PostgreSQL to Redis, at once or as soon as Redis is back.

Acts that arrive during a write share the next one. This process's own copies, in memory and on disk, change at once in
any case.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from shared.db.ended_say import end_expired
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
from shared.db.post_rows import withheld_numbers
from shared.db.safety import next_safety_version
from shared.db.safety_outbox import SafetyChange, pending_changes, settle_changes
from shared.db.takedowns import taken_down
from shared.domain import author_hash, hash_of_user
from shared.eligibility import Viewer
from shared.errors import SourceError, StoreUnavailable
from shared.logs import log_event, log_trouble
from shared.operations.safety import JOBS_THAT_PUBLISH
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.user_store import UserStore
from shared.ranked_lists.withheld import WithheldPosts
from shared.settings import WindowSettings
from timeline.stores.budgets import Stores
from timeline.stores.local_chains import LocalChains
from timeline.stores.local_copies import Snapshot
from timeline.stores.post_facts import PostFactsCopy
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.shared_calls import SharedCalls
from timeline.stores.snapshot_file import SnapshotFile
from timeline.stores.worker_threads import MAX_SECONDS, WorkerThreads

THREADS = 2
ERASURE_MARGIN = timedelta(minutes=1)  # an erasure is dated before it is durable


class KeepsUsers(Protocol):
    """Another part of this process that keeps data of users."""

    def users(self) -> set[str]:
        """The users whose data it keeps."""
        ...

    def forget(self, user_id: str) -> None:
        """Drop all data of a user."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopies:
    """The copies that this process obeys while no store answers, and that the next process starts with."""

    withheld: WithheldPosts
    local_chains: LocalChains
    post_facts: PostFactsCopy
    snapshot: Snapshot
    authorizer: KeepsUsers
    disk: SnapshotFile | None

    def users(self) -> set[str]:
        """The users whose data is kept here."""
        return self.local_chains.users() | self.authorizer.users()

    def forget_user(self, user_id: str) -> None:
        """Drop all data of an erased user, except the numbers of their posts."""
        self.post_facts.forget()
        self.local_chains.forget(user_id)
        self.authorizer.forget(user_id)
        self.snapshot.forget_blocks_of(author_hash(user_id))

    def note_erasure(self) -> None:
        """Stop the other processes from writing to the disk until they have learned of an erasure."""
        if self.disk is not None and self.disk.worker is not None:
            self.disk.worker.note_erasure()

    def save(self) -> bool:
        """Remove everything erased from the disk; False if the disk refuses."""
        return self.disk is None or self.disk.save_without_erased(self.snapshot, self.withheld)


class SafetyUpdates:
    """Writes to Redis what must not be shown any more; changes that are not written yet are in PostgreSQL's outbox."""

    def __init__(
        self,
        *,
        database: Database,
        writer: JobStore,
        user_store: UserStore,
        window: WindowSettings,
        local_copies: LocalCopies,
        stores: Stores,
        redis_writes: RedisWrites,
    ) -> None:
        self._database, self._writer, self._user_store, self._window = database, writer, user_store, window
        self._local, self._stores = local_copies, stores
        self._threads, self._redis_writes = WorkerThreads("withheld", threads=THREADS), redis_writes
        self._writes = SharedCalls(self._write_acts)
        self._checked_at = time.monotonic()
        # Hashes of the users whose erasures are known, within the margin.
        self._known_erased: frozenset[str] = frozenset()

    async def apply(self, change: SafetyChange) -> bool:
        """Make every page obey an act from now on; False if it is durable, but not known to every process yet.

        Redis is asked whatever pages think of it, except while it hangs: `BackgroundRefresh` writes the outbox to it
        later.
        """
        if change.id is None:
            return True
        authors = [author_hash(author) for author in change.author_ids]
        change_here = self._local.withheld.show if change.brings_back else self._local.withheld.add
        change_here(change.post_numbers, authors)
        acts = self._local.withheld.acts_on(change.post_numbers, authors)
        try:
            await self._written(change)
        except (StoreUnavailable, SourceError) as error:
            log_trouble(
                "timeline.safety_waits",
                users=len(change.user_ids) + len(change.author_ids),
                posts=len(change.post_numbers),
                reason=error,
            )
            self._stores.mark_redis_behind()
            return False
        self._local.withheld.note_written(acts)
        return True

    async def bring_up_to_date(self, *, older_than: timedelta = timedelta(0)) -> None:
        """Write everything in the outbox to Redis, whichever process put it there.

        Raises:
            StoreUnavailable, SourceError: a store does not answer, or Redis refuses; what is left stays in the outbox.
        """
        acts = self._local.withheld.acts()
        while changes := await self._threads.run(partial(pending_changes, self._database, older_than=older_than)):
            await self._threads.run(partial(self._write, changes))
            await self._threads.run(partial(self._settle, changes))
            log_event("timeline.safety_caught_up", changes=len(changes))
        if not older_than and any(acts):  # the outbox is empty: some process has written them
            self._local.withheld.note_written(acts)

    async def end_expired(self) -> None:
        """End the mutes and preferences of all users whose time is over.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        await self.apply(await self._threads.run(partial(end_expired, self._database)))

    async def has_pending(self, *, older_than: timedelta) -> bool:
        """Whether there are acts in the outbox, of any process.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        return bool(await self._threads.run(partial(pending_changes, self._database, older_than=older_than, at_most=1)))

    async def forget_user(self, erasure: Erasure) -> bool:
        """Remove all data of an erased user from Redis and the disk; False if some of it remains for now."""
        self._local.forget_user(erasure.user_id)
        self._local.withheld.add(erasure.post_numbers)
        self._local.note_erasure()
        is_off_disk = await self._threads.run(self._local.save)
        is_known = await self.apply(erasure.blocked)
        return await self._finish_erasure(erasure) and is_known and is_off_disk

    async def learn_of_erasures(self) -> None:
        """Drop the data that this process keeps of users whom any process erased since the last call.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        checked_at = time.monotonic()
        within = timedelta(seconds=checked_at - self._checked_at) + ERASURE_MARGIN  # on the monotonic clock
        erased = await self._threads.run(partial(erased_lately, self._database, within=within))
        self._checked_at = checked_at
        if erased.keys() - self._known_erased:
            self._local.post_facts.forget()  # their captions may be among them
            users = self._local.users()
            for user_id in await self._threads.run(lambda: [user for user in users if hash_of_user(user) in erased]):
                self._local.forget_user(user_id)
        self._known_erased = frozenset(erased)

    async def withhold_posts_of_erased(self) -> None:
        """Withhold the posts of unfinished erasures, which Redis may lack.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        for erasure in await self._threads.run(partial(erasures_under_way, self._database)):
            self._local.withheld.add(erasure.post_numbers)

    async def finish_erasures(self) -> None:
        """Finish the erasures that any process has started."""
        with suppress(StoreUnavailable, SourceError):  # PostgreSQL is away: this is no failure of Redis
            for erasure in await self._threads.run(partial(erasures_under_way, self._database)):
                await self._finish_erasure(erasure)

    def close(self) -> ThreadPoolExecutor:
        """Accept no more work; returns the pool, whose threads may still be busy."""
        return self._threads.close()

    async def _written(self, change: SafetyChange) -> None:
        try:
            await asyncio.wait_for(self._writes.add(change), MAX_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable(f"a store hangs: no answer within {MAX_SECONDS:.0f} s") from error

    async def _write_acts(self, changes: Sequence[SafetyChange]) -> None:
        await self._redis_writes.run(
            self._threads, partial(self._write, changes), if_hung=partial(self._reread_viewers, changes)
        )
        self._threads.submit(partial(self._settle, changes))

    def _reread_viewers(self, changes: Sequence[SafetyChange]) -> dict[str, Viewer]:
        """Read again what the users of these changes must not be shown; this process obeys it at once."""
        users = {user_id for change in changes for user_id in change.user_ids}
        since = datetime.now(UTC) - self._window.window
        viewers = viewers_of(self._database, users, since=since) if users else {}
        for user_id, viewer in viewers.items():
            self._local.local_chains.put_viewer(user_id, viewer)
        return viewers

    def _write(self, changes: Sequence[SafetyChange]) -> None:
        """Write these changes to Redis; the version is taken after their commit, before anything is read."""
        version = next_safety_version(self._database)
        viewers = self._reread_viewers(changes)
        self._write_withheld(changes, version=version)
        if viewers:
            self._writer.renew_viewers(viewers, version=version)

    def _write_withheld(self, changes: Sequence[SafetyChange], *, version: int) -> None:
        """Write whether the posts and authors of these changes are withheld now; a later change may have undone one."""
        post_numbers = {number for change in changes for number in change.post_numbers}
        authors = {author for change in changes for author in change.author_ids}
        if not post_numbers and not authors:
            return
        with self._database.begin() as connection:
            withheld = withheld_numbers(connection, post_numbers) if post_numbers else set[int]()
            suspended = taken_down(connection, "users", authors)
        self._writer.add_deleted(withheld, version=version)
        self._writer.drop_deleted(post_numbers - withheld, version=version)
        self._writer.add_suspended(map(author_hash, suspended), version=version)
        self._writer.drop_suspended(map(author_hash, authors - suspended), version=version)

    def _settle(self, changes: Sequence[SafetyChange]) -> None:
        with suppress(StoreUnavailable, SourceError):  # then they are written again
            settle_changes(self._database, [change.id for change in changes if change.id is not None])

    async def _finish_erasure(self, erasure: Erasure) -> bool:
        """Delete what is left of a user; finished when no running job can bring anything back."""
        try:
            is_last = await self._threads.run(partial(may_be_settled, self._database, erasure))
            removed = await self._redis_writes.run(self._threads, partial(self._remove_traces, erasure))
            known = self._local.withheld.post_numbers
            if not known.issuperset(removed.post_numbers):  # a running job had given them new numbers
                self._local.withheld.add(removed.post_numbers)
                is_last &= await self._threads.run(self._local.save)
            if is_last:
                await self._threads.run(partial(settle_erasure, self._database, erasure))
                log_event("timeline.erased", posts=len(removed.post_numbers))
        except (StoreUnavailable, SourceError):
            return False
        return is_last

    def _remove_traces(self, erasure: Erasure) -> Erasure:
        """Fence off running jobs before the deletion, so that nothing that is deleted can come back."""
        self._writer.note_erased({hash_of_user(erasure.user_id): datetime.now(UTC)})
        self._writer.give_up_runs(least_runs(self._database, JOBS_THAT_PUBLISH))
        removed = erase_again(self._database, erasure)
        version = next_safety_version(self._database)
        self._writer.add_deleted(removed.post_numbers, version=version)
        self._writer.drop_suspended([author_hash(removed.user_id)], version=version)
        self._writer.remove_from_blocks(removed.user_id, version=version)
        self._user_store.forget_user(removed.user_id, removed.post_numbers)
        return removed
