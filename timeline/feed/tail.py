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

    __slots__ = ("_state", "may_be_all", "oldest", "post_numbers")

    def __init__(self, state: UserState, *, all_from: int) -> None:
        """
        Args:
            state: the user's.
            all_from: whoever has seen so many may have seen all there is, and will be asked for what they saw first.
        """
        elsewhere, here = state.viewer.seen_posts, state.seen.post_numbers
        self._state, count = state, len(elsewhere) + len(here)
        self.may_be_all = count >= all_from
        self.oldest: list[int] = []
        if self.may_be_all and count > OLDEST:
            post_numbers = _in_order(state)
            self.post_numbers, first = set(post_numbers[OLDEST:]), post_numbers[OLDEST - 1 :: -1]
            self.oldest = [*filterfalse(self.post_numbers.__contains__, dict.fromkeys(first))]
            self.oldest.reverse()
            self.post_numbers.update(first)
        else:
            self.post_numbers = {*elsewhere, *here}

    def longest_ago_first(self, among: Set[int], *, except_oldest: bool = False) -> Iterator[int]:
        """Those of some rows that were seen, by when they were seen last; all, or those that are not in `oldest`."""
        if not except_oldest:
            yield from filter(among.__contains__, self.oldest)
        post_numbers = _in_order(self._state)
        later = post_numbers[OLDEST:] if self.oldest else post_numbers
        last = dict.fromkeys(filter(among.__contains__, reversed(later)))
        yield from reversed(last)


def _in_order(state: UserState) -> list[int]:
    """All that was seen, the longest ago first; a row may come twice."""
    return _numbers(state.viewer.seen_posts) + _numbers(state.seen.post_numbers)


def _numbers(post_numbers: Collection[int]) -> list[int]:
    """Rows as a list; as Redis has them, that takes three quarters of what going through them takes."""
    return post_numbers.tolist() if isinstance(post_numbers, array) else [*post_numbers]


class TailSource(Struct, gc=False):
    """What a tail draws from: a segment, less what must not be shown, comes in another part or has come already."""

    segment: IndexedList
    post_numbers: frozenset[int]  # of it that may be shown
    skipped: Set[int]  # of these, those that do not come: from another part, or not again
    unseen: Set[int]  # those that its user has not seen

    @classmethod
    def of(cls, segment: IndexedList, post_numbers: frozenset[int], skipped: Set[int], seen: SeenPosts) -> "TailSource":
        """These rows of a segment, less some, as a user's part."""
        unseen = post_numbers - seen.post_numbers
        return cls(segment, post_numbers, skipped, unseen - skipped if skipped else unseen)

    def first_unseen(self, at_most: int) -> Sequence[int]:
        """The first unseen rows, in their order."""
        if not self.unseen:
            return ()
        if len(self.unseen) <= FEW:
            return sorted(self.unseen, key=self.segment.offsets(self.unseen).__getitem__)[:at_most]
        return [*islice(filter(self.unseen.__contains__, self.segment.index), at_most)]

    def entries_of(self, post_numbers: Sequence[int]) -> dict[int, bytes]:
        """The packed entries of those of these rows that come from here."""
        mine = self.post_numbers.intersection(post_numbers) - self.skipped
        offsets = self.segment.offsets(mine)
        size, packed = codec.ENTRY.size, self.segment.packed
        return {number: packed[(at := offsets[number] * size) : at + size] for number in mine}


def tail_of_shared(
    shared: IndexedList, own: Sequence[bytes], seen: SeenPosts, taken: Set[int], *, enough: int, at_most: int
) -> Tail | None:
    """A tail whose shared lists hold enough that is unseen, as mostly they do; None when they do not.

    Args:
        shared: the shared lists.
        own: packed entries of the user's own lists.
        seen: what the user has seen.
        taken: posts that are in the chain already.
        enough: how many unseen posts are enough.
        at_most: how many posts are made ready.
    """
    fresh = filterfalse(seen.post_numbers.__contains__, shared.index)
    unseen = [*islice(filterfalse(taken.__contains__, fresh) if taken else fresh, max(enough, at_most))]
    if len(unseen) < enough or len(unseen) < at_most:
        return None
    ready = codec.pick(shared.packed, map(shared.index.__getitem__, unseen[:at_most]))
    return Tail(unseen=at_most, entries=ready, rest=b"".join((shared.packed, *own)))


def tail_sources(
    shared: IndexedList, own: Sequence[bytes], taken: Set[int], seen: SeenPosts, visibility: VisibilityFilter
) -> list[TailSource]:
    """What a tail draws from first: the shared lists, then what only the user's own lists have."""
    parts = [TailSource.of(shared, visibility.candidates_in(shared), visibility.few_hidden_in(shared) | taken, seen)]
    packed = b"".join(own)
    others = frozenset(codec.post_numbers_of(packed)).difference(shared.post_number_set)
    if others:
        parts.append(TailSource.of(IndexedList(packed, others), visibility.candidates_of([*others]), taken, seen))
    return parts


def older_source(
    older: IndexedList, before: Sequence[TailSource], taken: Set[int], seen: SeenPosts, visibility: VisibilityFilter
) -> TailSource:
    """What it draws from when those hold too little that is unseen: older posts, less what comes before."""
    skipped = frozenset(taken).union(
        visibility.few_hidden_in(older), *[part.segment.post_number_set for part in before[1:]]
    )
    return TailSource.of(older, visibility.candidates_in(older), skipped, seen)


def freeze_tail(parts: Sequence[TailSource], seen: SeenPosts, *, at_most: int) -> Tail:
    """A tail whose first posts are ready; its rest is what the parts hold, whatever of it has come.

    Where fewer are ready than there might be, nothing else may be shown, and nothing follows them.

    Args:
        parts: the best first; no post may be in two of them.
        seen: what the user has seen.
        at_most: how many posts are made ready; all, where there are few more.
    """
    if sum(len(part.post_numbers) for part in parts) <= ALL * at_most:
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
    looks_at_oldest = sum(len(part.post_numbers) for part in parts) > OLDEST
    if looks_at_oldest:  # mostly they are enough, and no list is copied for them
        here = frozenset[int]().union(*[part.post_numbers.intersection(seen.oldest) - part.skipped for part in parts])
        yield from filter(here.__contains__, seen.oldest)
    among = frozenset[int]().union(
        *[part.post_numbers - part.skipped if part.skipped else part.post_numbers for part in parts]
    )
    yield from seen.longest_ago_first(among, except_oldest=looks_at_oldest)


def extend_tail(tail: Tail, taken: bytes, seen: SeenPosts, visibility: VisibilityFilter, *, at_most: int) -> Tail:
    """A tail of which more posts are ready; once seen ones have come, all that follow count as seen.

    Args:
        tail: the tail.
        taken: packed entries of all that has come before it.
        seen: what the user has seen.
        permitted: what the user may be shown.
        at_most: how many posts are made ready.
    """
    post_numbers = codec.post_numbers_of(tail.rest)
    left = frozenset(post_numbers).difference(codec.post_numbers_of(taken), codec.post_numbers_of(tail.entries))
    rest = IndexedList(tail.rest, left)
    more = freeze_tail(
        [TailSource.of(rest, visibility.candidates_of([*left]), frozenset(), seen)], seen, at_most=at_most
    )
    unseen = tail.unseen + (more.unseen if tail.unseen == len(tail) else 0)
    behind = b""
    if more.rest:
        left = left.difference(codec.post_numbers_of(more.entries))
        behind = b"".join(compress(codec.split(tail.rest), map(left.__contains__, post_numbers)))
    return Tail(unseen=unseen, entries=tail.entries + more.entries, rest=behind)
