"""What follows a frozen list: unseen posts of shared lists, older ones, then seen ones, the longest ago first. Pure.

A tail is frozen once: which posts it has, in the order of their lists. Which of them come next depends on what the user
has seen, and is worked out only as far as pages come near, as with the list itself (`timeline.feed.prepare_list`): of
two thousand posts a page needs twenty, and whoever has seen their whole list needs a tail on each first page.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence, Set
from itertools import compress, filterfalse, islice

from msgspec import Struct

from shared.ranked_lists import codec
from shared.ranked_lists.records import Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.stores.segments import IndexedList, VisibilityFilter

NEVER = 1 << 32  # rows: more than anybody sees
OLDEST = 128  # rows that were seen first, whose order is known at once: enough for two pages, mostly
ALL = 4  # where that many times the posts that are asked for is all there is, it is made ready at once
FEW = 64  # posts up to which sorting them is quicker than looking for them in a list


class SeenPosts:
    """What a user has seen, here or elsewhere; and in which order, as far as it is asked for."""

    __slots__ = ("_state", "may_be_all", "oldest", "rows")

    def __init__(self, state: UserState, *, all_from: int) -> None:
        """
        Args:
            state: the user's.
            all_from: whoever has seen so many may have seen all there is, and will be asked for what they saw first.
        """
        elsewhere, here = state.viewer.seen_posts, state.seen.rows
        self._state, count = state, len(elsewhere) + len(here)
        self.may_be_all = count >= all_from
        self.oldest: list[int] = []
        if self.may_be_all and count > OLDEST:
            rows = _in_order(state)
            self.rows, first = set(rows[OLDEST:]), rows[OLDEST - 1 :: -1]
            self.oldest = [*filterfalse(self.rows.__contains__, dict.fromkeys(first))]
            self.oldest.reverse()
            self.rows.update(first)
        else:
            self.rows = {*elsewhere, *here}

    def longest_ago_first(self, among: Set[int], *, but_oldest: bool = False) -> Iterator[int]:
        """Those of some rows that were seen, by when they were seen last; all, or those that are not in `oldest`."""
        if not but_oldest:
            yield from filter(among.__contains__, self.oldest)
        rows = _in_order(self._state)
        later = rows[OLDEST:] if self.oldest else rows
        last = dict.fromkeys(filter(among.__contains__, reversed(later)))
        yield from reversed(last)


def _in_order(state: UserState) -> list[int]:
    """All that was seen, the longest ago first; a row may come twice."""
    return _numbers(state.viewer.seen_posts) + _numbers(state.seen.rows)


def _numbers(rows: Collection[int]) -> list[int]:
    """Rows as a list; as Redis has them, that takes three quarters of what going through them takes."""
    return rows.tolist() if isinstance(rows, array) else [*rows]


class TailSource(Struct, gc=False):
    """What a tail draws from: a segment, less what must not be shown, comes in another part or has come already."""

    segment: IndexedList
    rows: frozenset[int]  # of it that may be shown
    skipped: Set[int]  # of these, those that do not come: from another part, or not again
    unseen: Set[int]  # those that its user has not seen

    @classmethod
    def of(cls, segment: IndexedList, rows: frozenset[int], skipped: Set[int], seen: SeenPosts) -> "TailSource":
        """These rows of a segment, less some, as a user's part."""
        unseen = rows - seen.rows
        return cls(segment, rows, skipped, unseen - skipped if skipped else unseen)

    def first_unseen(self, at_most: int) -> Sequence[int]:
        """The first unseen rows, in their order."""
        if not self.unseen:
            return ()
        if len(self.unseen) <= FEW:
            return sorted(self.unseen, key=self.segment.places(self.unseen).__getitem__)[:at_most]
        return [*islice(filter(self.unseen.__contains__, self.segment.index), at_most)]

    def entries_of(self, rows: Sequence[int]) -> dict[int, bytes]:
        """The packed entries of those of these rows that come from here."""
        mine = self.rows.intersection(rows) - self.skipped
        places = self.segment.places(mine)
        size, packed = codec.ENTRY.size, self.segment.packed
        return {row: packed[(at := places[row] * size) : at + size] for row in mine}


def plain_tail(
    shared: IndexedList, own: Sequence[bytes], seen: SeenPosts, taken: Set[int], *, enough: int, at_most: int
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


def parts_of(
    shared: IndexedList, own: Sequence[bytes], taken: Set[int], seen: SeenPosts, permitted: VisibilityFilter
) -> list[TailSource]:
    """What a tail draws from first: the shared lists, then what only the user's own lists have."""
    parts = [TailSource.of(shared, permitted.of_segment(shared), permitted.few_of(shared) | taken, seen)]
    packed = b"".join(own)
    others = frozenset(codec.rows_of(packed)).difference(shared.row_set)
    if others:
        parts.append(TailSource.of(IndexedList(packed, others), permitted.of_rows([*others]), taken, seen))
    return parts


def older_part(
    older: IndexedList, before: Sequence[TailSource], taken: Set[int], seen: SeenPosts, permitted: VisibilityFilter
) -> TailSource:
    """What it draws from when those hold too little that is unseen: older posts, less what comes before."""
    skipped = frozenset(taken).union(permitted.few_of(older), *[part.segment.row_set for part in before[1:]])
    return TailSource.of(older, permitted.of_segment(older), skipped, seen)


def frozen_tail(parts: Sequence[TailSource], seen: SeenPosts, *, at_most: int) -> Tail:
    """A tail whose first posts are ready; its rest is what the parts hold, whatever of it has come.

    Where fewer are ready than there might be, nothing else may be shown, and nothing follows them.

    Args:
        parts: the best first; no row may come from two of them.
        seen: what the user has seen.
        at_most: how many posts are made ready; all, where there are few more.
    """
    if sum(len(part.rows) for part in parts) <= ALL * at_most:
        at_most = ALL * at_most + 1
    ready: list[int] = []
    for part in parts:
        ready += part.first_unseen(at_most - len(ready))
    n_unseen = len(ready)
    if n_unseen < at_most:
        ready += islice(_those_in(parts, seen), at_most - n_unseen)
    entries: dict[int, bytes] = {}
    for part in parts:
        entries.update(part.entries_of(ready))
    is_all = len(ready) < at_most
    return Tail(
        unseen=n_unseen,
        entries=b"".join(map(entries.__getitem__, ready)),
        rest=b"" if is_all else b"".join([part.segment.packed for part in parts]),
    )


def _those_in(parts: Sequence[TailSource], seen: SeenPosts) -> Iterator[int]:
    """Seen rows that may come, the longest ago first."""
    looks_at_oldest = sum(len(part.rows) for part in parts) > OLDEST
    if looks_at_oldest:  # mostly they are enough, and no list is copied for them
        here = frozenset[int]().union(*[part.rows.intersection(seen.oldest) - part.skipped for part in parts])
        yield from filter(here.__contains__, seen.oldest)
    among = frozenset[int]().union(*[part.rows - part.skipped if part.skipped else part.rows for part in parts])
    yield from seen.longest_ago_first(among, but_oldest=looks_at_oldest)


def more_ready(tail: Tail, taken: bytes, seen: SeenPosts, permitted: VisibilityFilter, *, at_most: int) -> Tail:
    """A tail of which more posts are ready; once seen ones have come, all that follow count as seen.

    Args:
        tail: the tail.
        taken: packed entries of all that has come before it.
        seen: what the user has seen.
        permitted: what the user may be shown.
        at_most: how many posts are made ready.
    """
    rows = codec.rows_of(tail.rest)
    left = frozenset(rows).difference(codec.rows_of(taken), codec.rows_of(tail.entries))
    rest = IndexedList(tail.rest, left)
    more = frozen_tail([TailSource.of(rest, permitted.of_rows([*left]), frozenset(), seen)], seen, at_most=at_most)
    unseen = tail.unseen + (more.unseen if tail.unseen == len(tail) else 0)
    behind = b""
    if more.rest:
        left = left.difference(codec.rows_of(more.entries))
        behind = b"".join(compress(codec.split(tail.rest), map(left.__contains__, rows)))
    return Tail(unseen=unseen, entries=tail.entries + more.entries, rest=behind)
