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
from timeline.stores.segments import IndexedList, segment_of

STRIDE = 16  # rows of the pool that are taken out of it together


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPostPool:
    """Posts that few people have seen, of one run."""

    ranked: RankedList
    rows: Sequence[int]
    twice: Sequence[int]  # the rows, one after the other and once more
    entries: Mapping[int, bytes]  # by row, as they stand in a list whose own they are not
    segment: IndexedList

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool that a run published."""
        rows, entries = codec.rows_of(ranked.entries), codec.split(ranked.entries)
        marked = {row: codec.with_reason(entry, Reason.NEW) for row, entry in zip(rows, entries, strict=True)}
        return cls(ranked=ranked, rows=rows, twice=rows * 2, entries=marked, segment=segment_of([ranked.entries]))

    def in_order_of(self, user_id: str) -> Iterator[Sequence[int]]:
        """All rows once, a few at a time, from one on that depends on the user and the generation."""
        length = len(self.rows)
        seed = hashlib.blake2b(f"{self.ranked.generation}|{user_id}".encode(), digest_size=8).digest()
        start = int.from_bytes(seed, "little") % length if length else 0
        for at in range(start, start + length, STRIDE):
            yield self.twice[at : min(at + STRIDE, start + length)]
