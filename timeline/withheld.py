"""Brings what was just deleted, blocked or erased from PostgreSQL to Redis, at once or as soon as Redis is back."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime

from shared.db.engine import Database
from shared.db.erasure import Erasure, erase_again, erasures_under_way, may_be_settled, settle_erasure
from shared.db.newest import viewers_of
from shared.db.safety import next_viewer_version
from shared.eligibility import Viewer
from shared.errors import SourceError, StoreUnavailable
from shared.logs import log_event
from shared.ranked_lists.catalogue import Deleted
from shared.ranked_lists.publish import ListWriter
from shared.ranked_lists.users import UserMarks
from shared.settings import WindowSettings
from timeline.shelf import Shelf


class Withheld:
    """Writes to Redis what must not be shown from now on, and remembers what could not be written yet."""

    def __init__(
        self,
        *,
        database: Database,
        writer: ListWriter,
        marks: UserMarks,
        window: WindowSettings,
        deleted: Deleted,
        shelf: Shelf,
    ) -> None:
        self._database, self._writer, self._marks, self._window = database, writer, marks, window
        self._deleted, self._shelf = deleted, shelf  # what this process obeys even while no store answers
        self._posts: set[int] = set()
        self._users: set[str] = set()

    async def withhold_posts(self, rows: Collection[int]) -> None:
        """Withhold posts from every page."""
        self._posts.update(rows)
        self._deleted.add(rows)
        await self._write_waiting()

    async def renew_viewers(self, user_ids: Collection[str]) -> None:
        """Read anew what these users must not be shown."""
        self._users.update(user_ids)
        await self._write_waiting()

    async def forget_user(self, erasure: Erasure) -> bool:
        """Take all traces of an erased user out of Redis; False when some have to wait."""
        self._users.discard(erasure.user_id)
        self._shelf.forget(erasure.user_id)
        await self.renew_viewers(erasure.blocked)
        return await asyncio.to_thread(self._sweep, erasure)

    async def catch_up(self) -> None:
        """Write what is waiting here, and finish the erasures that any process has begun."""
        await self._write_waiting()
        with suppress(StoreUnavailable, SourceError):  # a PostgreSQL that is away is no fault of Redis
            for erasure in await asyncio.to_thread(erasures_under_way, self._database):
                await asyncio.to_thread(self._sweep, erasure)

    async def _write_waiting(self) -> None:
        """Write what is waiting; what cannot be written waits for the next time."""
        posts, users = set(self._posts), set(self._users)
        if not posts and not users:
            return
        try:
            await asyncio.to_thread(self._write, posts, users)
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
                self._shelf.put_viewer(user, viewer)
        if posts:
            self._writer.add_deleted(posts)
        if viewers:
            self._writer.renew_viewers(viewers, version=version)

    def _sweep(self, erasure: Erasure) -> bool:
        """Delete what is left of a user; done when nobody is under way who may bring them back."""
        try:
            last = may_be_settled(self._database, erasure)
            found = erase_again(self._database, erasure)
            self._writer.add_deleted(found.rows)
            self._marks.forget_user(found.user_id, found.rows)
            if last:
                settle_erasure(self._database, erasure)
                log_event("timeline.erased", posts=len(found.rows))
        except (StoreUnavailable, SourceError):
            return False
        return last
