"""The timeline's copies of what all users share: what the post rows are, and which of them were deleted.

A row names one post as long as the installation lives, so a copy of the catalogue is right about that, only short; what
is missing is fetched when it is needed, and a new safety epoch drops it (another installation may have moved in). The
clusters of photos change when new ones are compared: then what is held is read again, in the background.
Deletions are asked for whenever their number in Redis has moved, which each page reads anyway.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import cast

import redis.asyncio

from shared.ranked_lists import keys, records
from shared.ranked_lists.records import CatalogueEntry

MAX_ENTRIES = 1_000_000  # some 250 MB; beyond it the copy starts anew
CHUNKS_AT_ONCE = 8  # 2,000 posts: 3 ms, in which no page is answered


class Catalogue:
    """Row → post, filled chunk by chunk from Redis."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self._posts: dict[int, CatalogueEntry] = {}
        # What a row is; None when neither this process nor (after `ensure`) Redis knows it. The dict's own, for pages
        # ask a hundred times.
        self.get: Callable[[int], CatalogueEntry | None] = self._posts.get
        self._clusters: bytes | None = None  # the hash of those that the copy knows

    def get_all(self, post_numbers: Sequence[int]) -> Sequence[CatalogueEntry] | None:
        """What all of these rows are; None when one of them is not known. Quicker than asking one by one."""
        try:
            return (
                itemgetter(*post_numbers)(self._posts)
                if len(post_numbers) > 1
                else [self._posts[post_number] for post_number in post_numbers]
            )
        except KeyError:
            return None

    def add(self, entries: Iterable[CatalogueEntry]) -> None:
        """Take in entries that came from elsewhere (PostgreSQL)."""
        self._posts.update((entry.post_number, entry) for entry in entries)

    def forget(self) -> None:
        """Drop everything: Redis began anew."""
        self._posts.clear()
        self._clusters = None

    async def ensure(self, post_numbers: Iterable[int]) -> None:
        """Fetch the chunks of those rows that are not known yet, in one round trip."""
        if len(self._posts) > MAX_ENTRIES:
            self._posts.clear()
        chunks = {keys.chunk_of(post_number) for post_number in post_numbers if post_number not in self._posts}
        if chunks:
            await self._fetch(chunks)

    async def follow_clusters(self) -> None:
        """Read what is held again if its clusters are others by now."""
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
    """Rows withheld from every page, as of the newest safety number."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self.epoch: bytes | None = None
        self._number = -1
        self._times_marked_stale = 0
        self.post_numbers: frozenset[int] = frozenset()
        self._ours: frozenset[int] = frozenset()

    def add(self, post_numbers: Iterable[int]) -> None:
        """Withhold what this process deleted, whether or not Redis knows of it yet."""
        self._ours |= (
            frozenset(post_numbers) - self.post_numbers
        )  # what Redis knows already does not move its number again
        self.post_numbers |= self._ours

    def seed(self, post_numbers: frozenset[int]) -> None:
        """Withhold what was known when this process last ran, until Redis tells."""
        self.post_numbers = post_numbers

    def forget_seed(self) -> None:
        """Withhold only what this process deleted: what it was seeded with is another installation's."""
        self.post_numbers = self._ours
        self.mark_stale()

    def forget(self) -> None:
        """Withhold nothing: rows name other posts by now."""
        self._ours = frozenset()
        self.forget_seed()

    def mark_stale(self) -> None:
        """Have the next page ask Redis anew, and whose it is."""
        self._times_marked_stale += 1
        self._number, self.epoch = -1, None

    def is_at(self, epoch: bytes, number: int) -> bool:
        """Whether these rows are those of a safety number."""
        return number == self._number and epoch == self.epoch

    async def catch_up(self, epoch: bytes, number: int) -> None:
        """Read the withheld rows again if their number or the epoch has moved since the last page."""
        if self.is_at(epoch, number):
            return
        doubts = self._times_marked_stale
        post_numbers = cast(list[bytes], await self._redis.zrange(keys.DELETED, 0, -1))
        if epoch == self.epoch and number < self._number:
            return  # another page was quicker, and has read later
        held = frozenset(int(post_number) for post_number in post_numbers)
        self._ours -= held
        self.post_numbers = held | self._ours
        if doubts == self._times_marked_stale:  # else whose Redis it is has to be asked again
            self._number, self.epoch = number, epoch
