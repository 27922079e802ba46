"""The newest posts of the authors whom a user follows: from Redis, or from PostgreSQL while Redis lacks them.

Whom a user follows is read from PostgreSQL when a page needs it, and kept in Redis for the pages after it; an act of
the API marks it as unknown at once. Posts that are newer than the last run come from this process's copy of the newest
posts.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from shared.db.engine import Database
from shared.db.follows import followed_authors
from shared.db.newest import NewPost, newest_posts_of
from shared.db.safety import next_safety_version
from shared.domain import author_hash
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.author_posts import DatedPosts, Followed, unpack_posts
from shared.ranked_lists.mode_store import ModeStore
from shared.settings import ListSettings, WindowSettings
from timeline.stores.segments import IndexedList

if TYPE_CHECKING:
    from timeline.stores.budgets import RequestBudget, Stores
    from timeline.stores.local_copies import Snapshot

FRESH_SECONDS = 60  # what is older is read again: a team's own view tells nobody that it has changed
ACT_SECONDS = 1.0  # that an act waits for Redis
UNKNOWN = 0  # instead of the time of the read


class _Read(NamedTuple):
    followed: Followed
    author_ids: Sequence[str]


class FollowingLists:
    """Reads for `following`; bounded by the authors whom one user may follow, and the posts of one author in Redis."""

    def __init__(
        self,
        *,
        store: ModeStore,
        database: Database,
        stores: "Stores",
        snapshot: "Snapshot",
        lists: ListSettings,
        window: WindowSettings,
        is_ranked: bool,
    ) -> None:
        self._store, self._database, self._stores, self._snapshot = store, database, stores, snapshot
        self._length, self._window, self._is_ranked = lists.everyone_length, window, is_ranked
        self._newest = IndexedList(b"", frozenset())

    async def entries(self, user_id: str, budget: "RequestBudget") -> bytes | None:
        """Packed entries, newest first (or best first); None if no store tells whom the user follows, or what is new.

        Who follows nobody gets none.
        """
        followed, author_ids = await self._followed(user_id, budget)
        if followed is None:
            return None
        if not followed.authors:
            return b""
        with suppress(StoreUnavailable):
            packed = await self._stores.redis_with_timeout(budget, partial(self._store.posts_of, followed.authors))
            if packed is not None:
                return self._merged(packed, frozenset(followed.authors))
        with suppress(StoreUnavailable):
            if author_ids is None:
                author_ids = (await self._read(user_id, budget)).author_ids
            posts = await self._stores.database(budget, partial(self._posts, author_ids))
            return self._ordered(self._dated(posts))
        return None

    async def keep_unknown(self, user_id: str, version: int) -> bool:
        """After an act: let no page use whom the user followed before; False if Redis does not answer."""
        with suppress(StoreUnavailable):
            await self._store.keep_followed(user_id, Followed(version, UNKNOWN, ()), ACT_SECONDS)
            return True
        return False

    async def _followed(self, user_id: str, budget: "RequestBudget") -> tuple[Followed | None, Sequence[str] | None]:
        """Whom a user follows, and their ids if they were read from PostgreSQL."""
        held: Followed | None = None
        with suppress(StoreUnavailable):
            held = await self._stores.redis_with_timeout(budget, partial(self._store.followed, user_id))
        if held is not None and time.time() - held.read_at < FRESH_SECONDS:
            return held, None
        try:
            read = await self._read(user_id, budget)
        except StoreUnavailable:
            return (None if held is None or held.read_at == UNKNOWN else held), None
        with suppress(StoreUnavailable):
            keep = partial(self._store.keep_followed, user_id, read.followed)
            await self._stores.redis_with_timeout(budget, keep)
        return read

    async def _read(self, user_id: str, budget: "RequestBudget") -> _Read:
        return await self._stores.database(budget, partial(self._read_follows, user_id))

    def _read_follows(self, user_id: str) -> _Read:
        version = next_safety_version(self._database)  # before the follows, as with viewers
        authors = followed_authors(self._database, user_id)
        return _Read(Followed(version, int(time.time()), [*map(author_hash, authors)]), authors)

    def _posts(self, author_ids: Sequence[str]) -> list[NewPost]:
        return newest_posts_of(
            self._database, author_ids, window=self._window.window, unless_newer=self._snapshot.oldest,
            limit=self._length,
        )  # fmt: skip

    def _merged(self, packed: bytes, authors: frozenset[int]) -> bytes:
        """What a run has published of these authors, and newer posts of theirs."""
        entries, at = unpack_posts(packed)
        times, newest = self._snapshot.newest_times, self._newest_posts()
        of_author = newest.authors(self._snapshot.catalogue).of_author
        published = frozenset(codec.post_numbers_of(b"".join(entries)))
        newer = [
            number
            for author in authors.intersection(of_author)
            for number in of_author[author]
            if number not in published and number in times
        ]
        offsets, all_newest = newest.offsets(newer), codec.split(newest.packed) if newer else ()
        entries += tuple(all_newest[offsets[number]] for number in newer)
        return self._ordered(DatedPosts(entries, at + tuple(times[number] for number in newer)))

    def _newest_posts(self) -> IndexedList:
        """The copy of the newest posts, indexed once."""
        entries = self._snapshot.newest.entries if self._snapshot.newest else b""
        if self._newest.packed is not entries:
            self._newest = IndexedList(entries, frozenset(codec.post_numbers_of(entries)))
        return self._newest

    def _dated(self, posts: Sequence[NewPost]) -> DatedPosts:
        entries = codec.split(self._snapshot.entries_of(posts, datetime.now(UTC)))
        return DatedPosts(entries, tuple(int(post.created_at.timestamp()) for post in posts))

    def _ordered(self, posts: DatedPosts) -> bytes:
        """Newest or best first; column by column, since it may be thousands of posts."""
        by: Sequence[float] = posts.at
        if self._is_ranked:
            by = [score for _, score in codec.ENTRY.iter_unpack(b"".join(posts.entries))]
        order = sorted(range(len(by)), key=by.__getitem__, reverse=True)[: self._length]
        return b"".join(map(posts.entries.__getitem__, order))
