"""What follows a frozen list: unseen posts of shared lists, older ones, then seen ones, the longest ago first. Pure.

The posts of a tail are frozen once, in the order of their lists. Which of them come next depends on what the user has
seen; it is computed only for the next pages, as with the list itself (`timeline.feed.prepare_list`). A page needs
twenty of some two thousand posts, and a user who has seen all of their list needs a tail on each first page.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence, Set
from itertools import compress, filterfalse, islice

from msgspec import Struct
from msgspec.structs import replace

from shared.ranked_lists import codec
from shared.ranked_lists.records import SeenRecord, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.stores.segments import IndexedList, VisibilityFilter

NEVER = 1 << 32  # posts: more than anybody sees
OLDEST = 128  # posts seen first, which are put in order at once: usually enough for two pages
ALL = 4  # a tail of at most this many times the wanted posts is prepared whole
FEW = 64  # up to this many posts, sorting them is quicker than a search through the list


class SeenPosts:
    """The posts that a user has seen, in the timeline or elsewhere; put in order only as far as needed."""

    __slots__ = ("_state", "may_be_all", "oldest", "post_numbers")

    def __init__(self, state: UserState, *, all_from: int) -> None:
        """
        Args:
            state: the user's.
            all_from: from this many seen posts on, the user may have seen everything, and the oldest are needed.
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
        """The seen posts among these, ordered by when they were last seen; all, or without those in `oldest`."""
        if not except_oldest:
            yield from filter(among.__contains__, self.oldest)
        post_numbers = _in_order(self._state)
        later = post_numbers[OLDEST:] if self.oldest else post_numbers
        last = dict.fromkeys(filter(among.__contains__, reversed(later)))
        yield from reversed(last)


def _in_order(state: UserState) -> list[int]:
    """All that was seen, the longest ago first; a post may come twice."""
    return _numbers(state.viewer.seen_posts) + _numbers(state.seen.post_numbers)


def _numbers(post_numbers: Collection[int]) -> list[int]:
    """Post numbers as a list; from an array, `tolist` takes three quarters of the time of a loop."""
    return post_numbers.tolist() if isinstance(post_numbers, array) else [*post_numbers]


def without_seen(state: UserState) -> UserState:
    """The state of a user as if they had seen nothing."""
    return replace(state, viewer=replace(state.viewer, seen_posts=()), seen=SeenRecord())


class TailSource(Struct, gc=False):
    """The posts of one list for a tail, without those that are hidden, in another source, or served already."""

    indexed: IndexedList
    post_numbers: frozenset[int]  # of the list that may be shown
    skipped: Set[int]  # of these, the ones that are in another source, or served already
    unseen: Set[int]  # the rest that the user has not seen

    @classmethod
    def of(cls, indexed: IndexedList, post_numbers: frozenset[int], skipped: Set[int], seen: SeenPosts) -> "TailSource":
        """These posts of a list, without the skipped ones, for one user."""
        unseen = post_numbers - seen.post_numbers
        return cls(indexed, post_numbers, skipped, unseen - skipped if skipped else unseen)

    def first_unseen(self, at_most: int) -> Sequence[int]:
        """The first unseen posts, in the order of the list."""
        if not self.unseen:
            return ()
        if len(self.unseen) <= FEW:
            return sorted(self.unseen, key=self.indexed.offsets(self.unseen).__getitem__)[:at_most]
        return [*islice(filter(self.unseen.__contains__, self.indexed.index), at_most)]

    def entries_of(self, post_numbers: Sequence[int]) -> dict[int, bytes]:
        """The packed entries of the posts, among these, that come from this source."""
        own = self.post_numbers.intersection(post_numbers) - self.skipped
        offsets = self.indexed.offsets(own)
        size, packed = codec.ENTRY.size, self.indexed.packed
        return {number: packed[(at := offsets[number] * size) : at + size] for number in own}


def tail_of_shared(
    shared: IndexedList, own: Sequence[bytes], seen: SeenPosts, taken: Set[int], *, enough: int, at_most: int
) -> Tail | None:
    """A tail of shared lists that hold enough unseen posts, the usual case; None if they do not.

    Args:
        shared: the shared lists.
        own: packed entries of the user's own lists.
        seen: what the user has seen.
        taken: posts that are in the chain already.
        enough: how many unseen posts are enough.
        at_most: how many posts to prepare.
    """
    fresh = filterfalse(seen.post_numbers.__contains__, shared.index)
    unseen = [*islice(filterfalse(taken.__contains__, fresh) if taken else fresh, max(enough, at_most))]
    if len(unseen) < enough or len(unseen) < at_most:
        return None
    prepared = codec.pick(shared.packed, map(shared.index.__getitem__, unseen[:at_most]))
    return Tail(unseen=at_most, entries=prepared, rest=b"".join((shared.packed, *own)))


def tail_sources(
    shared: IndexedList, own: Sequence[bytes], taken: Set[int], seen: SeenPosts, visibility: VisibilityFilter
) -> list[TailSource]:
    """The first sources of a tail: the shared lists, then the posts that only the user's own lists have."""
    sources = [TailSource.of(shared, visibility.candidates_in(shared), visibility.few_hidden_in(shared) | taken, seen)]
    packed = b"".join(own)
    others = frozenset(codec.post_numbers_of(packed)).difference(shared.post_number_set)
    if others:
        sources.append(TailSource.of(IndexedList(packed, others), visibility.candidates_of([*others]), taken, seen))
    return sources


def older_source(
    older: IndexedList, before: Sequence[TailSource], taken: Set[int], seen: SeenPosts, visibility: VisibilityFilter
) -> TailSource:
    """The source of a tail if the first ones hold too few unseen posts: older posts, without those."""
    skipped = frozenset(taken).union(
        visibility.few_hidden_in(older), *[source.indexed.post_number_set for source in before[1:]]
    )
    return TailSource.of(older, visibility.candidates_in(older), skipped, seen)


def freeze_tail(sources: Sequence[TailSource], seen: SeenPosts, *, at_most: int) -> Tail:
    """A tail whose first posts are prepared; its rest is all entries of the sources.

    If fewer than `at_most` are prepared, nothing else may be shown, and the rest is empty.

    Args:
        sources: the best first; no post may be in two of them.
        seen: what the user has seen.
        at_most: how many posts to prepare; all of them, if there are few more.
    """
    if sum(len(source.post_numbers) for source in sources) <= ALL * at_most:
        at_most = ALL * at_most + 1
    prepared: list[int] = []
    for source in sources:
        prepared += source.first_unseen(at_most - len(prepared))
    n_unseen = len(prepared)
    if n_unseen < at_most:
        prepared += islice(_seen_of(sources, seen), at_most - n_unseen)
    entries: dict[int, bytes] = {}
    for source in sources:
        entries.update(source.entries_of(prepared))
    is_all = len(prepared) < at_most
    return Tail(
        unseen=n_unseen,
        entries=b"".join(map(entries.__getitem__, prepared)),
        rest=b"" if is_all else b"".join([source.indexed.packed for source in sources]),
    )


def _seen_of(sources: Sequence[TailSource], seen: SeenPosts) -> Iterator[int]:
    """Seen posts that may be shown, the longest ago first."""
    includes_oldest = sum(len(source.post_numbers) for source in sources) > OLDEST
    if includes_oldest:  # they are usually enough, and no list is copied for them
        here = frozenset[int]().union(
            *[source.post_numbers.intersection(seen.oldest) - source.skipped for source in sources]
        )
        yield from filter(here.__contains__, seen.oldest)
    among = frozenset[int]().union(
        *[source.post_numbers - source.skipped if source.skipped else source.post_numbers for source in sources]
    )
    yield from seen.longest_ago_first(among, except_oldest=includes_oldest)


def extend_tail(tail: Tail, taken: bytes, seen: SeenPosts, visibility: VisibilityFilter, *, at_most: int) -> Tail:
    """A tail of which more posts are prepared; after the first seen post, all that follow count as seen.

    Args:
        tail: the tail.
        taken: packed entries of everything before the tail.
        seen: what the user has seen.
        permitted: what the user may be shown.
        at_most: how many posts to prepare.
    """
    post_numbers = codec.post_numbers_of(tail.rest)
    left = frozenset(post_numbers).difference(codec.post_numbers_of(taken), codec.post_numbers_of(tail.entries))
    rest = IndexedList(tail.rest, left)
    more = freeze_tail(
        [TailSource.of(rest, visibility.candidates_of([*left]), frozenset(), seen)], seen, at_most=at_most
    )
    unseen = tail.unseen + (more.unseen if tail.unseen == len(tail) else 0)
    remaining = b""
    if more.rest:
        left = left.difference(codec.post_numbers_of(more.entries))
        remaining = b"".join(compress(codec.split(tail.rest), map(left.__contains__, post_numbers)))
    return Tail(unseen=unseen, entries=tail.entries + more.entries, rest=remaining)
