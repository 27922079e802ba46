"""The timeline's copies of what all users share: the post of each number, and the deleted posts.

A number names one post as long as the installation lives, so an entry of the copy never becomes wrong; missing entries
are fetched when they are needed. A new safety epoch empties the copy, since Redis may belong to another installation by
then. Photo clusters change when new photos are compared: then the copied chunks are read again, in the background.
Deleted posts are read again when the safety number in Redis has changed; each page reads that number anyway.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import cast

import redis.asyncio

from shared.ranked_lists import keys, records
from shared.ranked_lists.records import CatalogueEntry

MAX_ENTRIES = 1_000_000  # some 250 MB; above it the copy is emptied
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
        self._posts.update((entry.post_number, entry) for entry in entries)

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


class DeletedPosts:
    """Posts withheld from every page, as of the newest safety number."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self.epoch: bytes | None = None
        self._number = -1
        self._times_marked_stale = 0
        self.post_numbers: frozenset[int] = frozenset()
        self._ours: frozenset[int] = frozenset()

    def add(self, post_numbers: Iterable[int]) -> None:
        """Withhold what this process deleted, even before Redis knows."""
        # What Redis knows already does not change its safety number again.
        self._ours |= frozenset(post_numbers) - self.post_numbers
        self.post_numbers |= self._ours

    def seed(self, post_numbers: frozenset[int]) -> None:
        """Withhold what was deleted when this process last ran, until Redis has been read."""
        self.post_numbers = post_numbers

    def forget_seed(self) -> None:
        """Withhold only what this process deleted: the seed came from another installation."""
        self.post_numbers = self._ours
        self.mark_stale()

    def forget(self) -> None:
        """Withhold nothing: the numbers name other posts by now."""
        self._ours = frozenset()
        self.forget_seed()

    def mark_stale(self) -> None:
        """The next page reads the deletions again, and checks who owns Redis."""
        self._times_marked_stale += 1
        self._number, self.epoch = -1, None

    def is_at(self, epoch: bytes, number: int) -> bool:
        """Whether this copy is as of a safety number."""
        return number == self._number and epoch == self.epoch

    async def catch_up(self, epoch: bytes, number: int) -> None:
        """Read the deleted posts again if the safety number or the epoch has changed since the last page."""
        if self.is_at(epoch, number):
            return
        doubts = self._times_marked_stale
        post_numbers = cast(list[bytes], await self._redis.zrange(keys.DELETED, 0, -1))
        if epoch == self.epoch and number < self._number:
            return  # another page has read newer ones meanwhile
        held = frozenset(int(post_number) for post_number in post_numbers)
        self._ours -= held
        self.post_numbers = held | self._ours
        if doubts == self._times_marked_stale:  # else the owner of Redis has to be checked again
            self._number, self.epoch = number, epoch
