"""Posts that few people have seen yet: each user meets them from another place on, fixed by their id. Pure.

So one run's pool is spread evenly over the users, and a first page that is asked for twice between two runs meets the
same new posts.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from timeline.stores.segments import IndexedList, merge_lists

STRIDE = 16  # rows of the pool that are taken out of it together


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPostPool:
    """Posts that few people have seen, of one run."""

    ranked: RankedList
    post_numbers: Sequence[int]
    doubled: Sequence[int]  # the rows, one after the other and once more
    entries: Mapping[int, bytes]  # by row, as they stand in a list whose own they are not
    segment: IndexedList

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool that a run published."""
        post_numbers, entries = codec.post_numbers_of(ranked.entries), codec.split(ranked.entries)
        marked = {
            number: codec.with_reason(entry, Reason.NEW) for number, entry in zip(post_numbers, entries, strict=True)
        }
        return cls(
            ranked=ranked,
            post_numbers=post_numbers,
            doubled=post_numbers * 2,
            entries=marked,
            segment=merge_lists([ranked.entries]),
        )

    def in_order_of(self, user_id: str) -> Iterator[Sequence[int]]:
        """All rows once, a few at a time, from one on that depends on the user and the generation."""
        length = len(self.post_numbers)
        seed = hashlib.blake2b(f"{self.ranked.generation}|{user_id}".encode(), digest_size=8).digest()
        start = int.from_bytes(seed, "little") % length if length else 0
        for at in range(start, start + length, STRIDE):
            yield self.doubled[at : min(at + STRIDE, start + length)]
