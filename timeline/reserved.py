"""Reserved slots: one in ten posts of a fresh chain is one that few people have seen yet (promise 6). Pure.

Each user starts at another place of the pool, fixed by their id and the pool's generation, so that one run's pool is
spread evenly over the users, and a first page that is asked for twice between two runs meets the same new posts.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import ceil
from typing import Self

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from timeline.segments import Segment, segment_of

STRIDE = 16  # rows of the pool that are taken out of it together


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Posts that few people have seen, of one run."""

    ranked: RankedList
    rows: Sequence[int]
    twice: Sequence[int]  # the rows, one after the other and once more
    entries: Mapping[int, bytes]  # by row, as they stand in a list whose own they are not
    segment: Segment

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


def with_new_posts(
    rows: Sequence[int], entries: bytes, pool: Pool, fresh: Iterator[int], *, share: float, start: int = 0
) -> bytes:
    """Some of a list's packed entries with new posts in the reserved slots between them; none of its own is lost.

    Args:
        rows: the posts that come next, best first.
        entries: their packed entries.
        pool: posts that few people have seen.
        fresh: rows of those that may stand in this list (not seen, not withheld, not there already), in the order in
            which they take slots.
        share: of the slots that are reserved, 0 to 0.5.
        start: how many posts of the list stand before these.
    """
    if share <= 0:
        return entries
    every = round(1 / share)
    slot, between = (every // 2 - start) % every, every - 1
    taken = list(islice(fresh, max(0, ceil((len(rows) - slot) / between))))
    if not set(taken).isdisjoint(rows):
        return _moved_up(rows, entries, pool, chain(taken, fresh), slot=slot, every=every)
    at, step = slot * codec.ENTRY.size, between * codec.ENTRY.size
    pieces = [entries[:at]]
    for row in taken:
        pieces += (pool.entries[row], entries[at : at + step])
        at += step
    pieces.append(entries[at:])
    return b"".join(pieces)


def _moved_up(own: Sequence[int], entries: bytes, pool: Pool, fresh: Iterable[int], *, slot: int, every: int) -> bytes:
    """The same one by one, where new posts stand among the list's own."""
    own_rows, rows, packed = set(own), list(own), list(codec.split(entries))
    for row in fresh:
        entry = pool.entries[row]
        if row in own_rows:
            held = rows.index(row)
            if held < slot:
                continue  # the list itself has shown it by now: it needs no slot
            del rows[held]  # it comes from further down, with its own score
            entry = codec.with_reason(packed.pop(held), Reason.NEW)
        rows.insert(slot, row)
        packed.insert(slot, entry)
        slot += every
        if slot >= len(rows):
            break
    return b"".join(packed)
