"""What follows a frozen list: unseen posts of shared lists, older ones, then seen ones, the longest ago first. Pure.

A tail is frozen once: which posts it has, in the order of their lists. Which of them come next depends on what the user
has seen, and is worked out only as far as pages come near, as with the list itself (`timeline.ahead`): of two thousand
posts a page needs twenty, and whoever has seen their whole list needs a tail on each first page.
"""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import islice

from msgspec import Struct

from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from shared.ranked_lists.records import Tail

FEW = 64  # posts up to which sorting them is quicker than looking for them in a list


class Segment(Struct, gc=False):
    """Packed entries, each post once, and where each stands."""

    packed: bytes
    rows: Sequence[int]
    index: Mapping[int, int]  # row → where it stands
    row_set: frozenset[int]

    def __len__(self) -> int:
        return len(self.rows)


def segment_of(lists: Iterable[bytes], *, without: Set[int] = frozenset()) -> Segment:
    """Lists as one, the best list first: of a post in several of them the first entry stays.

    Args:
        lists: packed entries.
        without: rows that are left out.
    """
    packed = b"".join(lists)
    rows = codec.rows_of(packed)
    places = [place for place, row in enumerate(rows) if row not in without]
    first = {rows[place]: place for place in reversed(places)}
    if len(first) < len(rows):
        packed = codec.pick(packed, sorted(first.values()))
        rows = codec.rows_of(packed)
    return _segment(packed, rows)


def _segment(packed: bytes, rows: Sequence[int]) -> Segment:
    return Segment(packed, rows, dict(zip(rows, range(len(rows)), strict=True)), frozenset(rows))


def numbers(rows: Collection[int]) -> Collection[int]:
    """Rows as a list, if they come as Redis has them: three quarters of what going through them takes otherwise."""
    return rows.tolist() if isinstance(rows, array) else rows


def last_seen(state: UserState) -> dict[int, None]:
    """What a user has seen, here or elsewhere, the last first; what was seen twice stands where it was seen last."""
    rows = [*numbers(state.viewer.seen_posts), *numbers(state.seen.rows)]
    rows.reverse()
    return dict.fromkeys(rows)


class Part(Struct, gc=False):
    """What a tail draws from: a segment, less the rows that come in another part or have come already."""

    segment: Segment
    skipped: Set[int]
    unseen: Set[int]  # rows of it that its user has not seen

    @classmethod
    def of(cls, segment: Segment, skipped: Set[int], seen: dict[int, None]) -> "Part":
        """A segment as a user's part."""
        unseen = segment.row_set.difference(seen)
        return cls(segment, skipped, unseen - skipped if skipped else unseen)

    def first_unseen(self, at_most: int) -> Sequence[int]:
        """The first unseen rows, in their order."""
        if len(self.unseen) <= FEW:
            return sorted(self.unseen, key=self.segment.index.__getitem__)[:at_most]
        return [*islice(filter(self.unseen.__contains__, self.segment.rows), at_most)]

    def has(self, row: int) -> bool:
        return row in self.segment.row_set and row not in self.skipped

    def without(self, rows: Sequence[int]) -> bytes:
        """The packed entries less those of these rows, and less what is skipped."""
        index = self.segment.index
        there = {*filter(index.__contains__, rows), *filter(index.__contains__, self.skipped)}
        return codec.without(self.segment.packed, sorted(map(index.__getitem__, there)))


def parts_of(shared: Segment, own: Iterable[bytes], taken: Set[int], seen: dict[int, None]) -> list[Part]:
    """What a tail draws from first: the shared lists, then what only the user's own lists have."""
    parts, others = [Part.of(shared, taken, seen)], segment_of(own, without=shared.row_set)
    return [*parts, Part.of(others, taken, seen)] if others.rows else parts


def older_part(older: Segment, before: Sequence[Part], taken: Set[int], seen: dict[int, None]) -> Part:
    """What it draws from when those hold too little that is unseen: older posts, less what comes before."""
    return Part.of(older, frozenset(taken).union(*(part.segment.row_set for part in before[1:])), seen)


def frozen_tail(parts: Sequence[Part], seen: dict[int, None], *, at_most: int) -> Tail:
    """A tail whose first posts are ready.

    Args:
        parts: the best first; no row is in two of them.
        seen: as `last_seen` has it.
        at_most: how many posts are made ready.
    """
    ready: list[int] = []
    for part in parts:
        ready += part.first_unseen(at_most - len(ready))
    n_unseen = len(ready)
    if n_unseen < at_most:
        oldest = (row for row in reversed(seen) if any(part.has(row) for part in parts))
        ready += islice(oldest, at_most - n_unseen)
    entries = b"".join([_entry(parts, row) for row in ready])
    return Tail(unseen=n_unseen, entries=entries, rest=b"".join([part.without(ready) for part in parts]))


def more_ready(tail: Tail, seen: dict[int, None], *, at_most: int) -> Tail:
    """A tail of which more posts are ready; once seen ones have come, all that follow count as seen."""
    rest = Part.of(_segment(tail.rest, codec.rows_of(tail.rest)), frozenset(), seen)
    more = frozen_tail([rest], seen, at_most=at_most)
    unseen = tail.unseen + (more.unseen if tail.unseen == len(tail) else 0)
    return Tail(unseen=unseen, entries=tail.entries + more.entries, rest=more.rest)


def _entry(parts: Sequence[Part], row: int) -> bytes:
    segment = next(part.segment for part in parts if part.has(row))
    return codec.part(segment.packed, at := segment.index[row], at + 1)
