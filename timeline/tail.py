"""What follows a frozen list: unseen posts of shared lists, older ones, then seen ones, the longest ago first. Pure.

A tail is frozen once: which posts it has, in the order of their lists. Which of them come next depends on what the user
has seen, and is worked out only as far as pages come near, as with the list itself (`timeline.ahead`): of two thousand
posts a page needs twenty, and whoever has seen their whole list needs a tail on each first page.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import filterfalse, islice

from msgspec import Struct

from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from shared.ranked_lists.records import Tail

NEVER = 1 << 32  # rows: more than anybody sees
OLDEST = 128  # rows that were seen first, whose order is known at once: enough for two pages, mostly
FEW = 64  # posts up to which sorting them is quicker than looking for them in a list


class Segment:
    """Packed entries, and which of them count; where each stands is worked out when somebody asks."""

    __slots__ = ("_index", "packed", "row_set")

    def __init__(self, packed: bytes, row_set: frozenset[int]) -> None:
        """
        Args:
            packed: the entries; of a post that comes twice the first one counts.
            row_set: the rows that count.
        """
        self.packed, self.row_set = packed, row_set
        self._index: dict[int, int] | None = None

    @property
    def index(self) -> Mapping[int, int]:
        """Row → where it stands; in the order of the entries."""
        if self._index is None:
            places: dict[int, int] = {}
            for place, row in enumerate(codec.rows_of(self.packed)):
                if row in self.row_set:
                    places.setdefault(row, place)
            self._index = places
        return self._index

    def __len__(self) -> int:
        return len(self.row_set)


def segment_of(lists: Iterable[bytes], *, without: Set[int] = frozenset()) -> Segment:
    """Lists as one, the best list first: of a post in several of them the first entry stays.

    Args:
        lists: packed entries.
        without: rows that are left out.
    """
    packed = b"".join(lists)
    segment = Segment(packed, frozenset(codec.rows_of(packed)) - without)
    if len(segment) < codec.length_of(packed):
        segment = Segment(codec.pick(packed, segment.index.values()), segment.row_set)
    return segment


class SeenRows:
    """What a user has seen, here or elsewhere; and in which order, as far as it is asked for."""

    __slots__ = ("_oldest", "_state", "rows")

    def __init__(self, state: UserState, *, all_from: int) -> None:
        """
        Args:
            state: the user's.
            all_from: whoever has seen so many may have seen all there is, and will be asked for what they saw first.
        """
        self._state, rows = state, _in_order(state)
        self._oldest: list[int] | None = None
        if len(rows) < all_from:
            self.rows = set(rows)
            return
        first, self.rows = rows[OLDEST - 1 :: -1] if len(rows) > OLDEST else rows[::-1], set(rows[OLDEST:])
        self._oldest = [row for row in dict.fromkeys(first) if row not in self.rows]
        self._oldest.reverse()
        self.rows.update(first)

    @property
    def may_be_all(self) -> bool:
        """Whether they are so many that the user may have seen all there is."""
        return self._oldest is not None

    def longest_ago_first(self) -> Iterator[int]:
        """The rows by when they were seen last."""
        known = self._oldest or []
        yield from known
        rows = _in_order(self._state)
        rows.reverse()
        yield from islice(reversed(dict.fromkeys(rows)), len(known), None)


def _in_order(state: UserState) -> list[int]:
    """All that was seen, the longest ago first; a row may come twice."""
    return _numbers(state.viewer.seen_posts) + _numbers(state.seen.rows)


def _numbers(rows: Collection[int]) -> list[int]:
    """Rows as a list; as Redis has them, that takes three quarters of what going through them takes."""
    return rows.tolist() if isinstance(rows, array) else [*rows]


class Part(Struct, gc=False):
    """What a tail draws from: a segment, less the rows that come in another part or have come already."""

    segment: Segment
    skipped: Set[int]
    unseen: Set[int]  # rows of it that its user has not seen

    @classmethod
    def of(cls, segment: Segment, skipped: Set[int], seen: SeenRows) -> "Part":
        """A segment as a user's part."""
        unseen = segment.row_set.difference(seen.rows)
        return cls(segment, skipped, unseen - skipped if skipped else unseen)

    def first_unseen(self, at_most: int) -> Sequence[int]:
        """The first unseen rows, in their order."""
        if not self.unseen:
            return ()
        if len(self.unseen) <= FEW:
            return sorted(self.unseen, key=self.segment.index.__getitem__)[:at_most]
        return [*islice(filter(self.unseen.__contains__, self.segment.index), at_most)]

    def entries_of(self, rows: Sequence[int]) -> dict[int, bytes]:
        """The packed entries of those of these rows that are here."""
        size, packed = codec.ENTRY.size, self.segment.packed
        mine = self.segment.row_set.intersection(rows).difference(self.skipped)
        places = [(row, self.segment.index[row] * size) for row in mine]
        return {row: packed[at : at + size] for row, at in places}


def plain_tail(
    shared: Segment, own: Sequence[bytes], seen: SeenRows, taken: Set[int], *, enough: int, at_most: int
) -> Tail | None:
    """A tail whose shared lists hold enough that is unseen, as mostly they do; None when they do not.

    Args:
        shared: the shared lists.
        own: packed entries of the user's own lists.
        seen: what the user has seen.
        taken: rows that do not come (again).
        enough: so many unseen posts are enough.
        at_most: how many posts are made ready.
    """
    fresh = filterfalse(seen.rows.__contains__, shared.index)
    unseen = [*islice(filterfalse(taken.__contains__, fresh) if taken else fresh, max(enough, at_most))]
    if len(unseen) < enough or len(unseen) < at_most:
        return None
    ready = codec.pick(shared.packed, map(shared.index.__getitem__, unseen[:at_most]))
    return Tail(unseen=at_most, entries=ready, rest=b"".join((shared.packed, *own)))


def parts_of(shared: Segment, own: Sequence[bytes], taken: Set[int], seen: SeenRows) -> list[Part]:
    """What a tail draws from first: the shared lists, then what only the user's own lists have."""
    parts = [Part.of(shared, taken, seen)]
    packed = b"".join(own)
    others = frozenset(codec.rows_of(packed)).difference(shared.row_set)
    return [*parts, Part.of(Segment(packed, others), taken, seen)] if others else parts


def older_part(older: Segment, before: Sequence[Part], taken: Set[int], seen: SeenRows) -> Part:
    """What it draws from when those hold too little that is unseen: older posts, less what comes before."""
    return Part.of(older, frozenset(taken).union(*(part.segment.row_set for part in before[1:])), seen)


def frozen_tail(parts: Sequence[Part], seen: SeenRows, *, at_most: int) -> Tail:
    """A tail whose first posts are ready; its rest is what the parts hold, whatever of it has come.

    Args:
        parts: the best first; no row is in two of them.
        seen: what the user has seen.
        at_most: how many posts are made ready.
    """
    ready: list[int] = []
    for part in parts:
        ready += part.first_unseen(at_most - len(ready))
    n_unseen = len(ready)
    if n_unseen < at_most:
        ready += islice(_those_in(parts, seen.longest_ago_first()), at_most - n_unseen)
    entries: dict[int, bytes] = {}
    for part in parts:
        entries.update(part.entries_of(ready))
    rest = b"".join([part.segment.packed for part in parts])
    return Tail(unseen=n_unseen, entries=b"".join(map(entries.__getitem__, ready)), rest=rest)


def _those_in(parts: Sequence[Part], rows: Iterable[int]) -> Iterator[int]:
    for row in rows:
        for part in parts:
            if row in part.segment.row_set and row not in part.skipped:
                yield row
                break


def more_ready(tail: Tail, taken: bytes, seen: SeenRows, *, at_most: int) -> Tail:
    """A tail of which more posts are ready; once seen ones have come, all that follow count as seen.

    Args:
        tail: the tail.
        taken: packed entries of all that has come before it.
        seen: what the user has seen.
        at_most: how many posts are made ready.
    """
    rest = segment_of([tail.rest], without={*codec.rows_of(taken), *codec.rows_of(tail.entries)})
    more = frozen_tail([Part.of(rest, frozenset(), seen)], seen, at_most=at_most)
    unseen = tail.unseen + (more.unseen if tail.unseen == len(tail) else 0)
    places = map(rest.index.__getitem__, codec.rows_of(more.entries))
    return Tail(unseen=unseen, entries=tail.entries + more.entries, rest=codec.without(rest.packed, sorted(places)))
