"""The places of a chain against a plain model: own list, then tail; pages that were served end where they ended."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists.codec import RankedList, pack_entry, rows_of
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


def _packed(rows: list[int]) -> bytes:
    return b"".join(pack_entry(row, Reason.POPULAR, 0.5) for row in rows)


def _chain(rows: list[int], page_ends: tuple[int, ...] = (), nonce: bytes = b"12345678") -> Chain:
    entries = _packed(rows)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    frozen = RankedList(source=Source.HEURISTIC, generation=3, generated_at=at, entries=entries)
    return Chain(nonce=nonce, frozen=frozen, page_ends=page_ends)


def _walk(own: list[int], tail: list[int] | None) -> ChainPage:
    state = UserState(phase=None, packed_lists={}, viewer=Viewer(), seen=SeenRecord(), chain=None, tail=None)
    packed = None if tail is None else _tail(tail, unseen=len(tail))
    request = PageRequest(user_id="ann", limit=10)
    patience = RequestBudget(seconds={})
    return ChainPage(
        request=request, state=state, patience=patience, chain=_chain(own), slot=0, tail=packed, position=0
    )


def _tail(rows: list[int], *, unseen: int) -> Tail:
    return Tail(unseen=unseen, entries=b"".join(pack_entry(row, Reason.RECENT, 0.5) for row in rows))


@given(ROWS, ROWS)
def test_a_chain_is_its_list_and_then_its_tail(own: list[int], tail: list[int]) -> None:
    walk = _walk(own, tail)
    assert rows_of(walk.entries(0, 100)) == own + tail == walk.rows(0, 100)


@given(ROWS)
def test_a_chain_without_a_tail_ends_with_its_list(own: list[int]) -> None:
    assert _walk(own, None).entries(len(own), len(own) + 5) == b""


@given(ROWS, ROWS, st.integers(0, 40), st.integers(0, 40))
def test_a_part_of_a_chain_is_that_part_of_it(own: list[int], tail: list[int], start: int, length: int) -> None:
    walk, end = _walk(own, tail), start + length
    assert rows_of(walk.entries(start, end)) == (own + tail)[start:end] == walk.rows(start, end)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_each_served_page_ends_where_it_ended_whatever_the_order_of_the_notes(sizes: list[int]) -> None:
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    noted = tuple(reversed(ends))
    chain = _chain([], noted)
    starts = [0, *ends[:-1]]
    assert [chain.end_of_page(start) for start in starts] == ends


def test_a_page_that_was_not_served_yet_has_no_end() -> None:
    assert _chain([], (10, 20)).end_of_page(20) is None


@given(ROWS, ROWS, st.lists(st.integers(0, 0xFFFF), max_size=10), NONCES)
def test_a_chain_comes_back_from_its_bytes(rows: list[int], rest: list[int], ends: list[int], nonce: bytes) -> None:
    chain = _chain(rows, tuple(ends), nonce)
    chain.rest = _packed(rest)
    assert unpack_chain(pack_chain(chain), nonce=nonce) == chain


@given(ROWS, NONCES, NONCES)
def test_another_chain_in_the_slot_is_not_this_one(rows: list[int], nonce: bytes, other: bytes) -> None:
    kept = unpack_chain(pack_chain(_chain(rows, nonce=nonce)), nonce=other)
    assert (kept is None) == (nonce != other)


@given(st.integers(0, 255), NONCES, st.integers(0, 0xFFFF), st.text(max_size=128))
def test_a_cursor_comes_back_as_it_was(slot: int, nonce: bytes, position: int, user_id: str) -> None:
    cursor = Cursor(slot=slot, nonce=nonce, position=position)
    assert verify(sign(cursor, user_id=user_id, keys=KEYS), user_id=user_id, keys=KEYS) == cursor


@given(st.text(max_size=200))
def test_any_text_is_refused_without_another_error(text: str) -> None:
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


def test_feed_ids_tell_source_generation_position_and_chain_apart() -> None:
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
    """A walk that chose and dropped some places, in any order."""
    own, tail = draw(st.integers(0, 15)), draw(st.integers(0, 15))
    walk = _walk(list(range(own)), None)
    walk.put_tail(_tail(list(range(100, 100 + tail)), unseen=draw(st.integers(0, tail))))
    walk.position = draw(st.integers(0, own))
    places = draw(st.permutations(range(walk.position, own + tail)))
    walk.chosen = places[: draw(st.integers(0, len(places)))]
    left = [place for place in places if place not in walk.chosen]
    walk.dropped = set(draw(st.lists(st.sampled_from(left), unique=True))) if left else set()
    return walk


def _rows(walk: ChainPage) -> list[int]:
    return walk.rows(0, walk.whole_length)


@given(_page())
def test_a_settled_chain_begins_with_what_was_served_in_that_order(walk: ChainPage) -> None:
    before, start, chosen = _rows(walk), walk.position, list(walk.chosen)
    walk.settle()
    assert _rows(walk)[: walk.position] == before[:start] + [before[place] for place in chosen]


@given(_page())
def test_a_settled_chain_keeps_what_was_neither_served_nor_dropped_in_its_order(walk: ChainPage) -> None:
    before, chosen, dropped = _rows(walk), set(walk.chosen), set(walk.dropped)
    start = walk.position
    walk.settle()
    rest = [row for place, row in enumerate(before) if place >= start and place not in chosen | dropped]
    assert [row for row in _rows(walk)[walk.position :] if row in rest] == rest


@given(_page())
def test_a_settled_chain_still_knows_what_is_unseen(walk: ChainPage) -> None:
    unseen = set(walk.rows(0, walk.unseen_length))
    walk.settle()
    rest = walk.rows(walk.position, walk.whole_length)
    assert walk.rows(walk.position, walk.unseen_length) == [row for row in rest if row in unseen]


def test_a_page_in_the_chains_order_leaves_the_chain_as_it_is() -> None:
    walk = _walk([1, 2, 3, 4], None)
    walk.chosen, walk.dropped = [0, 1], {3}
    chain = walk.chain
    walk.settle()
    assert (walk.chain, walk.is_rewritten, walk.position) == (chain, False, 2)
