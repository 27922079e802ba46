"""Brings what was just deleted, blocked or erased from PostgreSQL to Redis, at once or as soon as Redis is back.

What this process holds itself, in memory and on disk, changes at once in any case.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from shared.db.engine import Database
from shared.db.erasure import Erasure, erase_again, erasures_under_way, may_be_settled, settle_erasure
from shared.db.newest import viewers_of
from shared.db.safety import next_viewer_version
from shared.domain import author_key
from shared.eligibility import Viewer
from shared.errors import SourceError, StoreUnavailable
from shared.logs import log_event
from shared.ranked_lists.catalogue import Deleted
from shared.ranked_lists.publish import ListWriter
from shared.ranked_lists.users import UserMarks
from shared.settings import WindowSettings
from timeline.deeds import Deeds
from timeline.disk import Disk
from timeline.shelf import Shelf
from timeline.snapshot import Snapshot

THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopies:
    """What this process obeys even while no store answers, and what a later one is served from."""

    deleted: Deleted
    shelf: Shelf
    snapshot: Snapshot
    disk: Disk | None

    def forget_user(self, user_id: str) -> None:
        """Drop what is kept of an erased user besides their posts."""
        self.shelf.forget(user_id)
        self.snapshot.forget_blocks_of(author_key(user_id))

    def save(self) -> bool:
        """Have the disk hold nothing that was erased; False when it refuses."""
        return self.disk is None or self.disk.save_without_erased(self.snapshot, self.deleted)


class Withheld:
    """Writes to Redis what must not be shown from now on, and remembers what could not be written yet."""

    def __init__(
        self,
        *,
        database: Database,
        writer: ListWriter,
        marks: UserMarks,
        window: WindowSettings,
        own: OwnCopies,
    ) -> None:
        self._database, self._writer, self._marks, self._window = database, writer, marks, window
        self._own = own
        self._deeds = Deeds("withheld", threads=THREADS)
        self._posts: set[int] = set()
        self._users: set[str] = set()

    async def withhold_posts(self, rows: Collection[int]) -> None:
        """Withhold posts from every page."""
        self._posts.update(rows)
        self._own.deleted.add(rows)
        await self._write_waiting()

    async def renew_viewers(self, user_ids: Collection[str]) -> None:
        """Read anew what these users must not be shown."""
        self._users.update(user_ids)
        await self._write_waiting()

    async def forget_user(self, erasure: Erasure) -> bool:
        """Take all traces of an erased user out of Redis and off the disk; False when some have to wait."""
        self._users.discard(erasure.user_id)
        self._own.forget_user(erasure.user_id)
        self._own.deleted.add(erasure.rows)
        is_off_disk = await self._deeds.do(self._own.save)
        await self.renew_viewers(erasure.blocked)
        return await self._sweep(erasure) and is_off_disk

    async def catch_up(self) -> None:
        """Write what is waiting here, and finish the erasures that any process has begun."""
        await self._write_waiting()
        with suppress(StoreUnavailable, SourceError):  # a PostgreSQL that is away is no fault of Redis
            for erasure in await self._deeds.do(partial(erasures_under_way, self._database)):
                await self._sweep(erasure)

    def close(self) -> ThreadPoolExecutor:
        """Begin nothing more; gives the threads, of which some may still be at work."""
        return self._deeds.close()

    async def _write_waiting(self) -> None:
        """Write what is waiting; what cannot be written waits for the next time."""
        posts, users = set(self._posts), set(self._users)
        if not posts and not users:
            return
        try:
            await self._deeds.do(partial(self._write, posts, users))
        except (StoreUnavailable, SourceError):
            return
        self._posts -= posts
        self._users -= users

    def _write(self, posts: set[int], users: set[str]) -> None:
        version, viewers = 0, dict[str, Viewer]()
        if users:
            version = next_viewer_version(self._database)
            since = datetime.now(UTC) - self._window.window
            viewers = viewers_of(self._database, users, since=since)
            for user, viewer in viewers.items():
                self._own.shelf.put_viewer(user, viewer)
        if posts:
            self._writer.add_deleted(posts)
        if viewers:
            self._writer.renew_viewers(viewers, version=version)

    async def _sweep(self, erasure: Erasure) -> bool:
        """Delete what is left of a user; done when nobody is under way who may bring them back."""
        try:
            is_last = await self._deeds.do(partial(may_be_settled, self._database, erasure))
            found = await self._deeds.do(partial(self._take_out, erasure))
            if not self._own.deleted.rows.issuperset(found.rows):  # a run under way had given them new numbers
                self._own.deleted.add(found.rows)
                is_last &= await self._deeds.do(self._own.save)
            if is_last:
                await self._deeds.do(partial(settle_erasure, self._database, erasure))
                log_event("timeline.erased", posts=len(found.rows))
        except (StoreUnavailable, SourceError):
            return False
        return is_last

    def _take_out(self, erasure: Erasure) -> Erasure:
        found = erase_again(self._database, erasure)
        self._writer.add_deleted(found.rows)
        self._marks.forget_user(found.user_id, found.rows)
        return found
