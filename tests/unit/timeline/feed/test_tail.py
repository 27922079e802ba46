"""The tail of a list, prepared piece by piece, compared with a plain model: everything once, unseen posts first."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import INITIAL_PHASE, Reason
from shared.eligibility import Viewer, may_show
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import entry_at, pack_entry, post_numbers_of
from shared.ranked_lists.records import CatalogueEntry, SeenRecord, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.tail import NEVER, SeenPosts, extend_tail, freeze_tail, older_source, tail_of_shared, tail_sources
from timeline.stores.segments import MANY, VisibilityFilter, merge_lists

ROWS = st.lists(st.integers(1, 60), max_size=40, unique=True)
LISTS = st.lists(ROWS, min_size=4, max_size=4)  # everyone's, the newest, the user's own, older ones
SEEN = st.lists(st.integers(1, 60), max_size=80)  # a post may come twice: served, then named by an event
ENOUGH = 20
STEPS = st.integers(1, 30)
AMONG = st.sets(st.integers(1, 400))


def _packed(numbers: list[int], score: float = 0.5) -> bytes:
    return b"".join(pack_entry(number, Reason.RECENT, score) for number in numbers)


def _state(seen: list[int], elsewhere: int = 0) -> UserState:
    """A user who has seen these posts, the first few elsewhere."""
    viewer, served = Viewer(seen_posts=seen[:elsewhere]), SeenRecord(post_numbers=seen[elsewhere:])
    return UserState(phase=INITIAL_PHASE, packed_lists={}, viewer=viewer, seen=served, chain=None, tail=None)


_NOTHING = SeenPosts(_state([]), all_from=NEVER)
STRANGERS = frozenset(range(100, 100 + MANY))  # authors without posts here
VIEWERS = st.builds(
    lambda authors, posts, others: Viewer(hidden_authors=authors | others, hidden_posts=posts),
    st.frozensets(st.integers(0, 6)),
    st.frozensets(st.integers(1, 60), max_size=50),
    st.sampled_from([frozenset[int](), STRANGERS]),
)


def _visibility(viewer: Viewer) -> VisibilityFilter:
    """What they may be shown of 60 posts by seven authors."""
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(CatalogueEntry(number, f"p{number}", number % 7) for number in range(1, 61))
    return VisibilityFilter(catalogue, frozenset(), viewer)


_ANYTHING = _visibility(Viewer())


def _begun(
    own: list[int], shared: list[list[int]], seen: SeenPosts, at_most: int, visibility: VisibilityFilter = _ANYTHING
) -> Tail:
    everyone, newest, users_own, older = map(_packed, shared)
    near, taken = merge_lists([everyone, newest]), frozenset(own)
    plain = None
    if visibility.hides_few:
        plain = tail_of_shared(near, [users_own], seen, taken, enough=ENOUGH, at_most=at_most)
    if plain is not None:  # then older ones are not read
        return Tail(unseen=plain.unseen, entries=plain.entries, rest=plain.rest + older)
    sources = tail_sources(near, [users_own], taken, seen, visibility)
    sources.append(older_source(merge_lists([older], without=near.post_number_set), sources, taken, seen, visibility))
    return freeze_tail(sources, seen, at_most=at_most)


def _tail(
    own: list[int], shared: list[list[int]], seen: list[int], step: int, elsewhere: int = 0,
    visibility: VisibilityFilter = _ANYTHING,
) -> Tail:  # fmt: skip
    known = SeenPosts(_state(seen, elsewhere), all_from=step)
    tail = _begun(own, shared, known, step, visibility)
    while tail.rest:
        tail = extend_tail(tail, _packed(own), known, visibility, at_most=step)
    return tail


def _model(own: list[int], shared: list[list[int]], seen: list[int]) -> list[int]:
    """The plain model: first occurrences, unseen ones in their order, then seen ones by their last time."""
    candidates = [
        number for number in dict.fromkeys(number for numbers in shared for number in numbers) if number not in own
    ]
    unseen = [number for number in candidates if number not in seen]
    again = sorted((number for number in candidates if number in seen), key=lambda number: -seen[::-1].index(number))
    return unseen + again


@given(ROWS, LISTS, SEEN, STEPS, st.integers(0, 80))
def test_the_tail_equals_the_model(
    own: list[int], shared: list[list[int]], seen: list[int], step: int, elsewhere: int
) -> None:
    assert post_numbers_of(_tail(own, shared, seen, step, elsewhere).entries) == _model(own, shared, seen)


@given(ROWS, LISTS, SEEN, STEPS, VIEWERS)
def test_visible_posts_come_in_the_same_order_whatever_is_hidden(
    own: list[int], shared: list[list[int]], seen: list[int], step: int, viewer: Viewer
) -> None:
    visibility = _visibility(viewer)
    numbers = post_numbers_of(_tail(own, shared, seen, step, visibility=visibility).entries)
    shown = [number for number in _model(own, shared, seen) if may_show(viewer, post_number=number, author=number % 7)]
    assert [number for number in numbers if may_show(viewer, post_number=number, author=number % 7)] == shown
    assert visibility.hides_few or numbers == shown


@given(ROWS, LISTS, SEEN, STEPS)
def test_the_prepared_part_is_the_beginning_and_nothing_is_lost(
    own: list[int], shared: list[list[int]], seen: list[int], step: int
) -> None:
    tail, whole = _begun(own, shared, SeenPosts(_state(seen), all_from=step), step), _model(own, shared, seen)
    assert post_numbers_of(tail.entries) == whole[: max(step, len(tail))]
    assert {*post_numbers_of(tail.entries), *post_numbers_of(tail.rest)} - {*own} == {*whole}


@given(ROWS, LISTS, SEEN, STEPS)
def test_a_tail_knows_how_many_of_its_posts_are_unseen(
    own: list[int], shared: list[list[int]], seen: list[int], step: int
) -> None:
    tail = _tail(own, shared, seen, step)
    assert [number in seen for number in post_numbers_of(tail.entries)] == [
        index >= tail.unseen for index in range(len(tail))
    ]


@given(ROWS, LISTS, SEEN, SEEN, STEPS)
def test_posts_seen_meanwhile_change_only_the_order(
    own: list[int], shared: list[list[int]], seen: list[int], meanwhile: list[int], step: int
) -> None:
    tail = _begun(own, shared, SeenPosts(_state(seen), all_from=step), step)
    while tail.rest:
        ready = tail.entries
        tail = extend_tail(tail, _packed(own), SeenPosts(_state(meanwhile), all_from=NEVER), _ANYTHING, at_most=step)
        assert tail.entries.startswith(ready)
        assert tail.unseen <= len(tail)
    assert sorted(post_numbers_of(tail.entries)) == sorted(_model(own, shared, seen))


def test_the_longest_ago_comes_first_among_the_seen() -> None:
    assert post_numbers_of(_tail([], [[1, 2, 3], [], [], []], [3, 1, 2], 1).entries) == [3, 1, 2]


def test_a_post_seen_twice_counts_by_its_last_time() -> None:
    assert post_numbers_of(_tail([], [[1, 2], [], [], []], [1, 2, 1], 1).entries) == [2, 1]


def test_a_post_in_two_lists_keeps_the_entry_of_the_better_one() -> None:
    sources = tail_sources(
        merge_lists([_packed([7], 0.25), _packed([7], 0.75)]), [_packed([7], 1.0)], frozenset(), _NOTHING, _ANYTHING
    )
    tail = freeze_tail(sources, _NOTHING, at_most=5)
    tail = extend_tail(tail, b"", _NOTHING, _ANYTHING, at_most=5)
    assert (len(tail), entry_at(tail.entries, 0)[2], tail.rest) == (1, 0.25, b"")


@given(st.lists(st.integers(1, 400), max_size=900), st.integers(0, 900), st.sampled_from([0, 300, NEVER]), AMONG)
def test_seen_posts_come_in_the_order_of_their_last_time(
    seen: list[int], elsewhere: int, all_from: int, among: set[int]
) -> None:
    numbers = SeenPosts(_state(seen, elsewhere), all_from=all_from)
    assert numbers.post_numbers == {*seen}
    last = [*dict.fromkeys(reversed(seen))][::-1]
    assert [*numbers.longest_ago_first(among)] == [number for number in last if number in among]
