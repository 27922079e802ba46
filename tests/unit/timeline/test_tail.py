"""`tail_entries` against a plain model: what follows a list holds everything once, the unseen before the seen."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists.codec import entry_at, pack_entry, rows_of
from timeline.sources import tail_entries

ROWS = st.lists(st.integers(1, 60), max_size=40, unique=True)
LISTS = st.lists(ROWS, max_size=4)
SEEN = st.lists(st.integers(1, 60), max_size=80)  # a row may come twice: served, then met again in an event


def _packed(rows: list[int], score: float = 0.5) -> bytes:
    return b"".join(pack_entry(row, Reason.RECENT, score) for row in rows)


def _tail(own: list[int], shared: list[list[int]], seen: list[int], at_most: int = 1000) -> list[int]:
    return rows_of(tail_entries(_packed(own), [_packed(rows) for rows in shared], seen=seen, at_most=at_most).entries)


def _model(own: list[int], shared: list[list[int]], seen: list[int]) -> list[int]:
    """The same, as one would say it: first occurrences, unseen in their order, then seen by their last time."""
    candidates = [row for row in dict.fromkeys(row for rows in shared for row in rows) if row not in own]
    unseen = [row for row in candidates if row not in seen]
    again = sorted((row for row in candidates if row in seen), key=lambda row: -seen[::-1].index(row))
    return unseen + again


@given(ROWS, LISTS, SEEN)
def test_the_tail_is_what_the_model_says(own: list[int], shared: list[list[int]], seen: list[int]) -> None:
    assert _tail(own, shared, seen) == _model(own, shared, seen)


@given(ROWS, LISTS, SEEN, st.integers(0, 50))
def test_a_bounded_tail_is_the_beginning_of_the_whole_one(
    own: list[int], shared: list[list[int]], seen: list[int], at_most: int
) -> None:
    assert _tail(own, shared, seen, at_most) == _tail(own, shared, seen)[:at_most]


@given(ROWS, LISTS, SEEN)
def test_list_and_tail_hold_every_row_once(own: list[int], shared: list[list[int]], seen: list[int]) -> None:
    chain = own + _tail(own, shared, seen)
    assert len(set(chain)) == len(chain)
    assert set(chain) == {*own, *(row for rows in shared for row in rows)}


def test_the_longest_ago_comes_first_among_the_seen() -> None:
    assert _tail([], [[1, 2, 3]], [3, 1, 2]) == [3, 1, 2]


def test_a_row_seen_twice_counts_where_it_was_seen_last() -> None:
    assert _tail([], [[1, 2]], [1, 2, 1]) == [2, 1]


def test_of_a_row_in_two_lists_the_better_lists_entry_stays() -> None:
    tail = tail_entries(b"", [_packed([7], 0.25), _packed([7], 0.75)], seen=[], at_most=10)
    assert (len(tail), entry_at(tail.entries, 0)[2]) == (1, 0.25)


@given(ROWS, LISTS, SEEN, st.integers(0, 60))
def test_the_tail_knows_how_many_of_its_posts_are_unseen(
    own: list[int], shared: list[list[int]], seen: list[int], at_most: int
) -> None:
    tail = tail_entries(_packed(own), [_packed(rows) for rows in shared], seen=seen, at_most=at_most)
    assert [row in seen for row in rows_of(tail.entries)] == [place >= tail.unseen for place in range(len(tail))]
