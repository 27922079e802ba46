"""The timeline's copy of what all users share: the post of each number.

A number names one post as long as the installation lives, so an entry of the copy never becomes wrong; missing entries
are fetched when they are needed. A new safety epoch empties the copy, since Redis may belong to another installation by
then. Photo clusters change when new photos are compared: then the copied chunks are read again, in the background.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress
from operator import itemgetter
from typing import cast

import redis.asyncio

from shared.ranked_lists import keys, records
from shared.ranked_lists.records import CatalogueEntry

MAX_ENTRIES = 1_000_000  # some 250 MB; above it the copy is emptied
_AUTHOR = itemgetter(CatalogueEntry._fields.index("author"))  # faster than an attribute
CHUNKS_AT_ONCE = 8  # 2,000 posts: 3 ms, during which no page is answered


class Catalogue:
    """Post number → post, filled chunk by chunk from Redis."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self._posts: dict[int, CatalogueEntry] = {}
        # The post of a number; None when this process and (after `ensure`) Redis do not know it. It is the dict's own
        # method, since a page calls it a hundred times.
        self.get: Callable[[int], CatalogueEntry | None] = self._posts.get
        self._clusters: bytes | None = None  # the hash of the clusters in this copy
        self.on_add: Callable[[Iterable[CatalogueEntry]], None] = _ignore  # is given all entries that are added

    def get_all(self, post_numbers: Sequence[int]) -> Sequence[CatalogueEntry] | None:
        """The posts of all these numbers; None when one is unknown. Faster than one call each."""
        try:
            return (
                itemgetter(*post_numbers)(self._posts)
                if len(post_numbers) > 1
                else [self._posts[post_number] for post_number in post_numbers]
            )
        except KeyError:
            return None

    def add(self, entries: Iterable[CatalogueEntry]) -> None:
        """Add entries that come from elsewhere (PostgreSQL)."""
        added = [*entries]
        self._posts.update((entry.post_number, entry) for entry in added)
        self.on_add(added)

    def posts_of(self, authors: Collection[int]) -> frozenset[int]:
        """The numbers of all posts by these authors (hashes) in this copy: some 5 ms among 100,000 posts."""
        by_these = map(authors.__contains__, map(_AUTHOR, self._posts.values()))
        return frozenset(compress(self._posts, by_these)) if authors else frozenset()

    def forget(self) -> None:
        """Drop everything: the numbers may name other posts by now."""
        self._posts.clear()
        self._clusters = None

    async def ensure(self, post_numbers: Iterable[int]) -> None:
        """Fetch the chunks of the unknown ones, in one round trip."""
        if len(self._posts) > MAX_ENTRIES:
            self._posts.clear()
        chunks = {keys.chunk_of(post_number) for post_number in post_numbers if post_number not in self._posts}
        if chunks:
            await self._fetch(chunks)

    async def follow_clusters(self) -> None:
        """Read all copied chunks again if the clusters have changed."""
        clusters = cast(bytes | None, await self._redis.get(keys.CLUSTERS))
        if clusters == self._clusters:
            return
        held = sorted({keys.chunk_of(post_number) for post_number in self._posts})
        for start in range(0, len(held), CHUNKS_AT_ONCE):
            await self._fetch(held[start : start + CHUNKS_AT_ONCE])
        self._clusters = clusters

    async def _fetch(self, chunks: Iterable[int]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for number in chunks:
            pipe.hgetall(keys.chunk(number))
        for posts in await pipe.execute():
            self.add(records.unpack_post(int(post_number), value) for post_number, value in posts.items())


def _ignore(entries: Iterable[CatalogueEntry]) -> None:
    """Nobody listens."""
