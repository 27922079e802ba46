"""Reserved slots: where new posts are put, for whom, and that no other post is lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.ranked_lists.codec import RankedList, entry_at, pack_entry, post_numbers_of
from timeline.feed.new_post_slots import with_new_posts
from timeline.stores.new_post_pool import NewPostPool

OWN = st.lists(st.integers(1, 300), max_size=120, unique=True)
NEW = st.lists(st.integers(200, 400), max_size=60, unique=True)


def _packed(numbers: list[int], reason: Reason = Reason.POPULAR, score: float = 0.5) -> bytes:
    return b"".join(pack_entry(number, reason, score) for number in numbers)


def _pool(numbers: list[int], generation: int = 1) -> NewPostPool:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    entries = _packed(numbers, Reason.NEW, 0.25)
    return NewPostPool.of(RankedList(source=Source.HEURISTIC, generation=generation, generated_at=at, entries=entries))


def _with_new(own: list[int], new: list[int], *, generation: int = 1, share: float = 0.1, start: int = 0) -> bytes:
    return _put(own, _pool(new, generation), lambda number: number % 7 != 0, share=share, start=start)


def _put(
    own: list[int], pool: NewPostPool, may_take: Callable[[int], bool], *, share: float = 0.1, start: int = 0
) -> bytes:
    fresh = filter(may_take, chain.from_iterable(pool.in_order_of("ann")))
    return with_new_posts(own, _packed(own), pool, fresh, share=share, start=start)


def _new_indices(entries: bytes) -> list[int]:
    return [index for index in range(len(post_numbers_of(entries))) if entry_at(entries, index)[1] == "new"]


@given(OWN, NEW)
def test_no_post_is_there_twice_and_none_is_lost(own: list[int], new: list[int]) -> None:
    numbers = post_numbers_of(_with_new(own, new))
    assert len(set(numbers)) == len(numbers)
    assert set(own) <= set(numbers) <= {*own, *new}


@given(OWN, NEW, st.integers(0, 40))
def test_new_posts_are_in_their_slots_only(own: list[int], new: list[int], start: int) -> None:
    assert all((start + index) % 10 == 5 for index in _new_indices(_with_new(own, new, start=start)))


@given(OWN, NEW)
def test_the_others_keep_their_order(own: list[int], new: list[int]) -> None:
    entries = _with_new(own, new)
    new_indices = set(_new_indices(entries))
    others = [number for index, number in enumerate(post_numbers_of(entries)) if index not in new_indices]
    assert others == [number for number in own if number in set(others)]


@given(OWN, NEW)
def test_only_posts_that_the_user_may_be_shown_take_a_slot(own: list[int], new: list[int]) -> None:
    entries = _with_new(own, new)
    taken = [post_numbers_of(entries)[index] for index in _new_indices(entries)]
    assert all(number in new and number % 7 != 0 for number in taken)


def test_every_slot_of_a_list_is_filled_while_the_pool_lasts() -> None:
    assert _new_indices(_with_new(list(range(1, 101)), [number for number in range(500, 600) if number % 7])) == list(
        range(5, 110, 10)
    )


def test_a_new_post_that_is_earlier_in_the_list_takes_no_slot() -> None:
    assert _new_indices(_with_new([1, 2, 3, 4, 5, 6, 8, 9], [1, 2, 3])) == []


def test_a_new_post_from_further_down_keeps_its_own_score() -> None:
    entries = _put(list(range(1, 31)), _pool([30]), lambda number: True)
    assert entry_at(entries, 5) == (30, "new", 0.5)


def test_a_share_of_zero_changes_nothing() -> None:
    assert _with_new([1, 2, 3], [9], share=0.0) == _packed([1, 2, 3])


def test_a_user_gets_the_same_new_posts_until_the_next_run() -> None:
    own, new = list(range(1, 101)), list(range(500, 600))
    assert _with_new(own, new) == _with_new(own, new)
    assert _with_new(own, new) != _with_new(own, new, generation=2)


@given(NEW, st.text(max_size=5), st.integers(0, 9))
def test_each_user_has_the_whole_pool_from_some_post_on(new: list[int], user: str, generation: int) -> None:
    order = list(chain.from_iterable(_pool(new, generation).in_order_of(user)))
    start = new.index(order[0]) if new else 0
    assert order == new[start:] + new[:start]


def test_users_start_at_many_posts_of_the_pool() -> None:
    pool = _pool(list(range(100)))
    assert len({next(pool.in_order_of(f"user{number}"))[0] for number in range(300)}) > 80
