"""Chains that lack the record of a page: the posts that the cursor carries come first, and none comes twice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.records import Chain, Tail
from tests.worlds import NOW
from timeline.feed.unrecorded_pages import is_later_state, lacks_record, with_unrecorded, without_seen

NONCE = b"8 bytes!"


def _entries(numbers: list[int]) -> bytes:
    return b"".join(pack_entry(number, Reason.RECENT, 0.5) for number in numbers)


def _chain(ready: list[int], rest: list[int], *, ends: tuple[int, ...]) -> Chain:
    frozen = RankedList(source=Source.HEURISTIC, generation=1, generated_at=NOW, entries=_entries(ready))
    return Chain(nonce=NONCE, frozen=frozen, page_ends=ends, rest=_entries(rest))


def _cursor(position: int, *numbers: int) -> Cursor:
    return Cursor(slot=1, nonce=NONCE, position=position, unrecorded=numbers)


def test_a_page_that_ended_at_or_before_a_recorded_end_is_on_record() -> None:
    chain = _chain([1, 2, 3, 4], [], ends=(2, 4))
    assert [lacks_record(chain, None, _cursor(position)) for position in (2, 3, 4, 5)] == [False, False, False, True]


def test_a_later_page_end_does_not_prove_that_the_page_was_recorded() -> None:
    """Another process started the chain again, and served other posts from the same position."""
    chain, tail = _chain([1, 2, 3], [], ends=(2, 5)), Tail(unseen=2, entries=_entries([4, 5, 6]))
    known = [_cursor(4, 3, 4), _cursor(2, 2), _cursor(4, 4, 3)]
    assert [lacks_record(chain, tail, cursor) for cursor in known] == [False] * 3
    assert [lacks_record(chain, tail, cursor) for cursor in (_cursor(4, 3, 5), _cursor(2, 9))] == [True] * 2


def test_a_chain_that_was_started_again_is_no_later_state() -> None:
    earlier = _chain([1, 2, 3, 4], [5], ends=(2,))
    assert is_later_state(_chain([1, 2, 4, 3], [5], ends=(2, 3)), earlier)
    assert not is_later_state(_chain([1, 2, 3, 4], [5], ends=(2,)), earlier)
    assert not is_later_state(_chain([1, 3, 2, 4], [5], ends=(2, 3)), earlier)


def test_a_position_never_goes_back() -> None:
    """If a list is shorter than what was served, or a page repeated posts, its end must be after earlier pages."""
    short = with_unrecorded(_chain([1, 2], [], ends=()), None, _cursor(5, 9))
    assert (codec.post_numbers_of(short.chain.frozen.entries), short.position) == ([0, 0, 1, 2, 9], 5)
    repeated = with_unrecorded(_chain([1, 2, 3], [4], ends=(2,)), None, _cursor(4, 2, 3))
    assert (codec.post_numbers_of(repeated.chain.frozen.entries), repeated.position) == ([1, 2, 0, 3], 4)
    assert codec.post_numbers_of(repeated.chain.rest) == [4]


def test_served_posts_of_a_tail_stay_known_when_the_tail_is_computed_again() -> None:
    tail = Tail(unseen=2, entries=_entries([4, 5, 6]))
    known = without_seen(_chain([1, 2], [3], ends=(3,)), tail, 3, {6})
    assert codec.post_numbers_of(known.frozen.entries) == [1, 2, 4]
    assert codec.post_numbers_of(without_seen(_chain([1, 2, 3], [], ends=(1,)), None, 1, {2}).frozen.entries) == [1, 3]


def test_posts_served_out_of_order_come_first() -> None:
    known = with_unrecorded(_chain([1, 2, 3, 4], [5, 6], ends=(2,)), None, _cursor(4, 5, 3))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 5, 3, 4]
    assert (codec.post_numbers_of(known.chain.rest), known.position, known.chain.page_ends) == ([6], 4, (2, 4))


def test_a_served_post_that_is_not_in_the_chain_comes_first_as_well() -> None:
    """Such as a new post in a reserved slot, which only the process that served it knew."""
    known = with_unrecorded(_chain([1, 2], [3], ends=(1,)), None, _cursor(3, 9, 2))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 9, 2]


def test_posts_served_from_the_tail_leave_it() -> None:
    tail = Tail(unseen=2, entries=_entries([7, 8, 9]), rest=_entries([10]))
    known = with_unrecorded(_chain([1, 2], [], ends=(1,)), tail, _cursor(3, 2, 7))
    assert known.tail is not None
    assert (codec.post_numbers_of(known.tail.entries), known.tail.unseen) == ([8, 9], 1)
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 7]


def test_unknown_pages_before_the_carried_posts_count_as_the_next_posts() -> None:
    """Another process served them, and their record is in a Redis that is away."""
    known = with_unrecorded(_chain([1, 2], [3, 4, 5, 6, 7], ends=(1,)), None, _cursor(5, 6, 4))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 3, 6, 4]
    assert (codec.post_numbers_of(known.chain.rest), known.position) == ([5, 7], 5)


def test_a_cursor_without_posts_continues_from_its_position() -> None:
    known = with_unrecorded(_chain([1, 2], [3, 4, 5], ends=(1,)), None, _cursor(4))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 3, 4]
    assert (codec.post_numbers_of(known.chain.rest), known.position) == ([5], 4)


numbers = st.lists(st.integers(1, 60), unique=True, max_size=40)


@settings(deadline=None, max_examples=100)
@given(numbers=numbers, data=st.data())
def test_nothing_is_lost_and_nothing_comes_twice(numbers: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(numbers)))
    recorded = data.draw(st.integers(0, cut))
    chain = _chain(numbers[:cut], numbers[cut:], ends=(recorded,) if recorded else ())
    served = data.draw(st.lists(st.sampled_from(numbers[recorded:]), unique=True)) if numbers[recorded:] else []
    known = with_unrecorded(chain, None, _cursor(recorded + len(served), *served))
    after = codec.post_numbers_of(known.chain.frozen.entries + known.chain.rest)
    assert after[: recorded + len(served)] == numbers[:recorded] + served
    assert sorted(after) == sorted(numbers)
