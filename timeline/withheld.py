"""Brings what was just deleted or blocked from PostgreSQL to Redis, at once or as soon as Redis is back."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from shared.db.engine import Database
from shared.db.newest import viewer_of
from shared.db.safety import next_viewer_version
from shared.errors import StoreUnavailable
from shared.ranked_lists.publish import ListWriter
from shared.settings import WindowSettings


class Withheld:
    """Writes to Redis what must not be shown from now on, and remembers what could not be written yet."""

    def __init__(self, database: Database, writer: ListWriter, window: WindowSettings) -> None:
        self._database, self._writer, self._window = database, writer, window
        self._posts: set[int] = set()
        self._users: set[str] = set()

    async def withhold_posts(self, rows: Collection[int]) -> None:
        """Withhold posts from every page."""
        self._posts.update(rows)
        await self.catch_up()

    async def renew_viewers(self, user_ids: Collection[str]) -> None:
        """Read anew what these users must not be shown."""
        self._users.update(user_ids)
        await self.catch_up()

    async def catch_up(self) -> None:
        """Write what is waiting; what cannot be written waits for the next time."""
        posts, users = set(self._posts), set(self._users)
        if not posts and not users:
            return
        try:
            await asyncio.to_thread(self._write, posts, users)
        except StoreUnavailable:
            return
        self._posts -= posts
        self._users -= users

    def _write(self, posts: set[int], users: set[str]) -> None:
        if posts:
            self._writer.add_deleted(posts)
        version = next_viewer_version(self._database) if users else 0
        since = datetime.now(UTC) - self._window.window
        for user in users:
            self._writer.renew_viewer(user, viewer_of(self._database, user, since=since), version=version)
