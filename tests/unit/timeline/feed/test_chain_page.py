"""The offsets of a chain, compared with a plain model: own list, then tail; served pages keep their ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists.codec import RankedList, pack_entry, post_numbers_of
from shared.ranked_lists.cursor import Cursor, ForgedCursor, sign, verify
from shared.ranked_lists.records import Chain, SeenRecord, Tail, pack_chain, unpack_chain
from shared.ranked_lists.timeline_store import UserState
from shared.signing import SigningKeys
from timeline.feed.chain_page import ChainPage
from timeline.feed.feed_id import feed_id
from timeline.feed.records import PageRequest
from timeline.stores.budgets import RequestBudget

ROWS = st.lists(st.integers(0, 1000), max_size=30)
NONCES = st.binary(min_size=8, max_size=8)
KEYS = SigningKeys(current=b"k" * 32)


def _packed(numbers: list[int]) -> bytes:
    return b"".join(pack_entry(number, Reason.POPULAR, 0.5) for number in numbers)


def _chain(numbers: list[int], page_ends: tuple[int, ...] = (), nonce: bytes = b"12345678") -> Chain:
    entries = _packed(numbers)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    frozen = RankedList(source=Source.HEURISTIC, generation=3, generated_at=at, entries=entries)
    return Chain(nonce=nonce, frozen=frozen, page_ends=page_ends)


def _chain_page(own: list[int], tail: list[int] | None) -> ChainPage:
    state = UserState(phase=None, packed_lists={}, viewer=Viewer(), seen=SeenRecord(), chain=None, tail=None)
    packed = None if tail is None else _tail(tail, unseen=len(tail))
    request = PageRequest(user_id="ann", limit=10)
    budget = RequestBudget(seconds={})
    return ChainPage(request=request, state=state, budget=budget, chain=_chain(own), slot=0, tail=packed, position=0)


def _tail(numbers: list[int], *, unseen: int) -> Tail:
    return Tail(unseen=unseen, entries=b"".join(pack_entry(number, Reason.RECENT, 0.5) for number in numbers))


@given(ROWS, ROWS)
def test_a_chain_is_its_list_and_then_its_tail(own: list[int], tail: list[int]) -> None:
    page = _chain_page(own, tail)
    assert post_numbers_of(page.entries(0, 100)) == own + tail == page.post_numbers(0, 100)


@given(ROWS)
def test_a_chain_without_a_tail_ends_with_its_list(own: list[int]) -> None:
    assert _chain_page(own, None).entries(len(own), len(own) + 5) == b""


@given(ROWS, ROWS, st.integers(0, 40), st.integers(0, 40))
def test_a_part_of_a_chain_is_that_part_of_list_and_tail(
    own: list[int], tail: list[int], start: int, length: int
) -> None:
    page, end = _chain_page(own, tail), start + length
    assert post_numbers_of(page.entries(start, end)) == (own + tail)[start:end] == page.post_numbers(start, end)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_served_pages_keep_their_ends_in_any_order_of_the_records(sizes: list[int]) -> None:
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    recorded = tuple(reversed(ends))
    chain = _chain([], recorded)
    starts = [0, *ends[:-1]]
    assert [chain.end_of_page(start) for start in starts] == ends


def test_a_page_that_was_not_served_yet_has_no_end() -> None:
    assert _chain([], (10, 20)).end_of_page(20) is None


@given(ROWS, ROWS, st.lists(st.integers(0, 0xFFFF), max_size=10), NONCES)
def test_a_chain_is_decoded_as_it_was_encoded(
    numbers: list[int], rest: list[int], ends: list[int], nonce: bytes
) -> None:
    chain = _chain(numbers, tuple(ends), nonce)
    chain.rest = _packed(rest)
    assert unpack_chain(pack_chain(chain), nonce=nonce) == chain


@given(ROWS, NONCES, NONCES)
def test_another_chain_in_the_slot_is_not_this_one(numbers: list[int], nonce: bytes, other: bytes) -> None:
    kept = unpack_chain(pack_chain(_chain(numbers, nonce=nonce)), nonce=other)
    assert (kept is None) == (nonce != other)


@given(st.integers(0, 255), NONCES, st.integers(0, 0xFFFF), st.text(max_size=128))
def test_a_cursor_is_decoded_as_it_was_encoded(slot: int, nonce: bytes, position: int, user_id: str) -> None:
    cursor = Cursor(slot=slot, nonce=nonce, position=position)
    assert verify(sign(cursor, user_id=user_id, keys=KEYS), user_id=user_id, keys=KEYS) == cursor


@given(st.text(max_size=200))
def test_any_other_text_is_refused_as_forged(text: str) -> None:
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", keys=KEYS)


@given(st.integers(0, 31), st.characters(), NONCES)
def test_no_changed_character_passes(position: int, character: str, nonce: bytes) -> None:
    text = sign(Cursor(slot=1, nonce=nonce, position=20), user_id="ann", keys=KEYS)
    changed = text[:position] + character + text[position + 1 :]
    try:
        verify(changed, user_id="ann", keys=KEYS)
    except ForgedCursor:
        return
    assert changed == text


def test_a_cursor_has_one_spelling_only() -> None:
    for number in range(200):  # some of them hold - or _, which base64 may also write as + and /
        text = sign(Cursor(slot=1, nonce=number.to_bytes(8, "big"), position=20), user_id="ann", keys=KEYS)
        for other in {text.replace("-", "+"), text.replace("_", "/"), text + "="} - {text}:
            with pytest.raises(ForgedCursor):
                verify(other, user_id="ann", keys=KEYS)


def test_feed_ids_differ_by_position_and_chain() -> None:
    chain = _chain([1])
    other = _chain([1], nonce=b"87654321")
    feeds = {
        feed_id(each.frozen, position, each.nonce, user_id="ann", keys=KEYS)
        for each in (chain, other)
        for position in (0, 20)
    }
    assert len(feeds) == 4


@st.composite
def _page(draw: st.DrawFn) -> ChainPage:
    """A page that chose and dropped some offsets, in any order."""
    own, tail = draw(st.integers(0, 15)), draw(st.integers(0, 15))
    page = _chain_page(list(range(own)), None)
    page.put_tail(_tail(list(range(100, 100 + tail)), unseen=draw(st.integers(0, tail))))
    page.position = draw(st.integers(0, own))
    offsets = draw(st.permutations(range(page.position, own + tail)))
    page.chosen = offsets[: draw(st.integers(0, len(offsets)))]
    left = [offset for offset in offsets if offset not in page.chosen]
    page.dropped = set(draw(st.lists(st.sampled_from(left), unique=True))) if left else set()
    return page


def _post_numbers(page: ChainPage) -> list[int]:
    return page.post_numbers(0, page.whole_length)


@given(_page())
def test_a_settled_chain_begins_with_what_was_served_in_that_order(page: ChainPage) -> None:
    before, start, chosen = _post_numbers(page), page.position, list(page.chosen)
    page.settle()
    assert _post_numbers(page)[: page.position] == before[:start] + [before[offset] for offset in chosen]


@given(_page())
def test_a_settled_chain_keeps_what_was_neither_served_nor_dropped_in_its_order(page: ChainPage) -> None:
    before, chosen, dropped = _post_numbers(page), set(page.chosen), set(page.dropped)
    start = page.position
    page.settle()
    rest = [number for offset, number in enumerate(before) if offset >= start and offset not in chosen | dropped]
    assert [number for number in _post_numbers(page)[page.position :] if number in rest] == rest


@given(_page())
def test_a_settled_chain_still_knows_what_is_unseen(page: ChainPage) -> None:
    unseen = set(page.post_numbers(0, page.unseen_length))
    page.settle()
    rest = page.post_numbers(page.position, page.whole_length)
    assert page.post_numbers(page.position, page.unseen_length) == [number for number in rest if number in unseen]


def test_a_page_in_the_chains_order_leaves_the_chain_as_it_is() -> None:
    page = _chain_page([1, 2, 3, 4], None)
    page.chosen, page.dropped = [0, 1], {3}
    chain = page.chain
    page.settle()
    assert (page.chain, page.is_rewritten, page.position) == (chain, False, 2)
