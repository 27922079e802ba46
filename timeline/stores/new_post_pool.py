"""Posts that few people have seen yet; each user starts at another post of the pool, determined by their id. Pure.

So the pool of one run is spread evenly over the users, and a first page that is requested twice between two runs has
the same new posts.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from timeline.stores.segments import IndexedList, merge_lists

BATCH = 16  # posts of the pool that are taken at once


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPostPool:
    """The new posts that one run published."""

    ranked: RankedList
    post_numbers: Sequence[int]
    doubled: Sequence[int]  # the post numbers, and once more
    entries: Mapping[int, bytes]  # by post number, with the reason `new`
    indexed: IndexedList

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool of a published list."""
        post_numbers, entries = codec.post_numbers_of(ranked.entries), codec.split(ranked.entries)
        as_new = {
            number: codec.with_reason(entry, Reason.NEW) for number, entry in zip(post_numbers, entries, strict=True)
        }
        return cls(
            ranked=ranked,
            post_numbers=post_numbers,
            doubled=post_numbers * 2,
            entries=as_new,
            indexed=merge_lists([ranked.entries]),
        )

    def in_order_of(self, user_id: str) -> Iterator[Sequence[int]]:
        """All posts once, in batches, from one on that depends on the user and the generation."""
        length = len(self.post_numbers)
        seed = hashlib.blake2b(f"{self.ranked.generation}|{user_id}".encode(), digest_size=8).digest()
        start = int.from_bytes(seed, "little") % length if length else 0
        for at in range(start, start + length, BATCH):
            yield self.doubled[at : min(at + BATCH, start + length)]
