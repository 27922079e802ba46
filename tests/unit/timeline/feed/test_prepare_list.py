"""The prepared part of a frozen list: its first unseen posts, in their order; the rest remains."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists.codec import pack_entry, post_numbers_of
from timeline.feed.prepare_list import unseen_first

ROWS = st.lists(st.integers(0, 400), unique=True, max_size=150)
SEEN = st.sets(st.integers(0, 400), max_size=300)


def _packed(numbers: list[int]) -> list[bytes]:
    return [pack_entry(number, reason, 0.5) for number, reason in zip(numbers, [*Reason] * len(numbers), strict=False)]


@given(ROWS, SEEN, st.integers(1, 60), st.integers(1, 200))
def test_nothing_is_lost_and_nothing_seen_is_taken(own: list[int], seen: set[int], at_most: int, look_at: int) -> None:
    numbers, entries, rest = unseen_first(b"".join(_packed(own)), seen, at_most=at_most, look_at=look_at)
    behind = post_numbers_of(rest)
    assert numbers == post_numbers_of(entries)
    assert numbers == [number for number in own[: len(own) - len(behind)] if number not in seen]
    assert own[len(own) - len(behind) :] == behind


@given(ROWS, SEEN, st.integers(1, 60), st.integers(1, 200))
def test_as_many_are_taken_as_wanted_or_available(own: list[int], seen: set[int], at_most: int, look_at: int) -> None:
    numbers, _, rest = unseen_first(b"".join(_packed(own)), seen, at_most=at_most, look_at=look_at)
    assert len(numbers) == at_most or (len(numbers) < at_most and not rest)


@given(ROWS)
def test_entries_keep_reason_and_score(own: list[int]) -> None:
    _, entries, _ = unseen_first(b"".join(_packed(own)), set(), at_most=len(own) + 1, look_at=1)
    assert entries == b"".join(_packed(own))
