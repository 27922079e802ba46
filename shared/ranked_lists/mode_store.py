"""What the timeline reads and writes for modes: followed authors and their posts, and the lists of tags."""

from collections.abc import Sequence
from typing import cast

from shared.ranked_lists import author_posts, codec, keys, scripts
from shared.ranked_lists.author_posts import Followed
from shared.ranked_lists.codec import RankedList, UnreadableList
from shared.ranked_lists.timeline_store import TimelineStore

_FOLLOWED_MS = b"%d" % int(keys.FOLLOWED_FOR.total_seconds() * 1000)


class ModeStore:
    """Over the connection that pages share. Every method answers within its time or raises StoreUnavailable."""

    def __init__(self, reader: TimelineStore) -> None:
        self._ask = reader.ask

    async def followed(self, user_id: str, within: float | None = None) -> Followed | None:
        """The authors whom a user follows, as last read; None if that is not known or unreadable."""
        (value,) = await self._ask([("GET", keys.followed(user_id))], within)
        try:
            return author_posts.unpack_followed(cast(bytes, value)) if value else None
        except UnreadableList:
            return None

    async def keep_followed(self, user_id: str, followed: Followed, within: float | None = None) -> None:
        """Keep whom a user follows, unless Redis has it as of a later version, or the user was erased."""
        names = keys.ERASED, keys.followed(user_id)
        value = author_posts.pack_followed(followed)
        keep = ("EVALSHA", scripts.digest_of(scripts.KEEP_FOLLOWED), 2, *names, user_id, value, _FOLLOWED_MS)
        await self._ask([keep], within)

    async def posts_of(self, authors: Sequence[int], within: float | None = None) -> bytes | None:
        """The newest posts of these authors (by hash), one author after the other; None if no run has written any."""
        (values,) = await self._ask([("MGET", keys.AUTHORS, *map(keys.author, authors))], within)
        written, *posts = cast(list[bytes | None], values)
        if written is None:
            return None
        return b"".join(value for value in posts if value and len(value) % author_posts.DATED_BYTES == 0)

    async def list_of_tag(self, tag: str, within: float | None = None) -> RankedList | None:
        """Everyone's list of a tag; None if it has none of its own."""
        (value,) = await self._ask([("HGET", keys.TAGS, tag)], within)
        try:
            return codec.decode(cast(bytes, value)) if value else None
        except UnreadableList:
            return None
