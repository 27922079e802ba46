"""Chains that lack the record of a page: what the cursor carries stands at the head, and nothing comes twice."""

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


def test_an_end_behind_the_position_is_no_record_of_a_page_that_is_not_there() -> None:
    """Another process began the chain anew, and served other posts from the same position."""
    chain, tail = _chain([1, 2, 3], [], ends=(2, 5)), Tail(unseen=2, entries=_entries([4, 5, 6]))
    known = [_cursor(4, 3, 4), _cursor(2, 2), _cursor(4, 4, 3)]
    assert [lacks_record(chain, tail, cursor) for cursor in known] == [False] * 3
    assert [lacks_record(chain, tail, cursor) for cursor in (_cursor(4, 3, 5), _cursor(2, 9))] == [True] * 2


def test_a_chain_that_began_anew_continues_nothing() -> None:
    earlier = _chain([1, 2, 3, 4], [5], ends=(2,))
    assert is_later_state(_chain([1, 2, 4, 3], [5], ends=(2, 3)), earlier)
    assert not is_later_state(_chain([1, 2, 3, 4], [5], ends=(2,)), earlier)
    assert not is_later_state(_chain([1, 3, 2, 4], [5], ends=(2, 3)), earlier)


def test_a_position_never_goes_back() -> None:
    """A list that is too short for what was served, or a page that repeated: its end must not lie in a page before."""
    short = with_unrecorded(_chain([1, 2], [], ends=()), None, _cursor(5, 9))
    assert (codec.post_numbers_of(short.chain.frozen.entries), short.position) == ([0, 0, 1, 2, 9], 5)
    repeated = with_unrecorded(_chain([1, 2, 3], [4], ends=(2,)), None, _cursor(4, 2, 3))
    assert (codec.post_numbers_of(repeated.chain.frozen.entries), repeated.position) == ([1, 2, 0, 3], 4)
    assert codec.post_numbers_of(repeated.chain.rest) == [4]


def test_what_was_served_of_a_tail_is_known_when_the_tail_is_worked_out_anew() -> None:
    tail = Tail(unseen=2, entries=_entries([4, 5, 6]))
    known = without_seen(_chain([1, 2], [3], ends=(3,)), tail, 3, {6})
    assert codec.post_numbers_of(known.frozen.entries) == [1, 2, 4]
    assert codec.post_numbers_of(without_seen(_chain([1, 2, 3], [], ends=(1,)), None, 1, {2}).frozen.entries) == [1, 3]


def test_what_was_served_out_of_turn_stands_at_the_head() -> None:
    known = with_unrecorded(_chain([1, 2, 3, 4], [5, 6], ends=(2,)), None, _cursor(4, 5, 3))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 5, 3, 4]
    assert (codec.post_numbers_of(known.chain.rest), known.position, known.chain.page_ends) == ([6], 4, (2, 4))


def test_a_served_post_that_the_chain_does_not_have_is_at_its_head_all_the_same() -> None:
    """A new post took a reserved slot: only the process that served it knew."""
    known = with_unrecorded(_chain([1, 2], [3], ends=(1,)), None, _cursor(3, 9, 2))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 9, 2]


def test_what_came_from_the_tail_leaves_it() -> None:
    tail = Tail(unseen=2, entries=_entries([7, 8, 9]), rest=_entries([10]))
    known = with_unrecorded(_chain([1, 2], [], ends=(1,)), tail, _cursor(3, 2, 7))
    assert known.tail is not None
    assert (codec.post_numbers_of(known.tail.entries), known.tail.unseen) == ([8, 9], 1)
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 7]


def test_pages_between_what_is_on_record_and_what_is_carried_are_taken_to_be_what_came_next() -> None:
    """Their record is in a Redis that is away, and another process served them."""
    known = with_unrecorded(_chain([1, 2], [3, 4, 5, 6, 7], ends=(1,)), None, _cursor(5, 6, 4))
    assert codec.post_numbers_of(known.chain.frozen.entries) == [1, 2, 3, 6, 4]
    assert (codec.post_numbers_of(known.chain.rest), known.position) == ([5, 7], 5)


def test_a_cursor_that_carries_nothing_goes_on_from_its_position() -> None:
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
