"""The cursor: only this service can create one, and only for one user."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import Mode
from shared.ranked_lists.cursor import MAX_POSITION, MAX_UNRECORDED, Cursor, ForgedCursor, sign, verify
from shared.signing import MAC_BYTES, SigningKeys, decode_base64url, encode_base64url
from timeline.http.schemas import MAX_CURSOR

KEYS = SigningKeys(current=b"k" * 32)
CURSOR = Cursor(slot=2, nonce=b"8 bytes!", position=40)
TEXT = sign(CURSOR, user_id="ann", keys=KEYS)
steady = settings(deadline=None, max_examples=60)


@steady
@given(
    slot=st.integers(0, 255),
    nonce=st.binary(min_size=8, max_size=8),
    position=st.integers(0, MAX_POSITION),
    user=st.text(min_size=1, max_size=128),
    post_numbers=st.lists(st.integers(0, 2**28 - 1), max_size=MAX_UNRECORDED).map(tuple),
)
def test_a_cursor_comes_back_as_it_was(
    slot: int, nonce: bytes, position: int, user: str, post_numbers: tuple[int, ...]
) -> None:
    cursor = Cursor(slot=slot, nonce=nonce, position=position, unrecorded=post_numbers)
    assert verify(sign(cursor, user_id=user, keys=KEYS), user_id=user, keys=KEYS) == cursor


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert all(letter.isalnum() or letter in "-_" for letter in TEXT)


def test_a_cursor_is_32_characters() -> None:
    assert len(TEXT) == 32


def test_a_cursor_carries_the_newest_posts_that_are_not_on_record() -> None:
    cursor = Cursor(slot=2, nonce=b"8 bytes!", position=40, unrecorded=tuple(range(500)))
    text = sign(cursor, user_id="ann", keys=KEYS)
    assert len(text) <= MAX_CURSOR
    assert verify(text, user_id="ann", keys=KEYS).unrecorded == tuple(range(300, 500))


def test_a_users_id_is_never_read_as_posts() -> None:
    """The signed bytes end with the user id: without a count, one user's cursor could be valid for another user."""
    cursor = Cursor(slot=2, nonce=b"8 bytes!", position=40, unrecorded=(1, 2))
    raw = decode_base64url(sign(cursor, user_id="abcdann", keys=KEYS))
    moved = raw[:-MAC_BYTES] + b"abcd" + raw[-MAC_BYTES:]
    with pytest.raises(ForgedCursor):
        verify(encode_base64url(moved), user_id="ann", keys=KEYS)


def test_cursors_of_for_you_are_those_of_before() -> None:
    """Byte by byte: format 1 and 2, as they were before modes."""
    with_posts = Cursor(slot=1, nonce=b"8 bytes!", position=20, unrecorded=(7, 8))
    assert decode_base64url(TEXT)[:-MAC_BYTES].hex() == "0102" + b"8 bytes!".hex() + "2800"
    body = decode_base64url(sign(with_posts, user_id="ann", keys=KEYS))[:-MAC_BYTES]
    assert body.hex() == "0201" + b"8 bytes!".hex() + "1400" + "02" + "0700000008000000"
    assert (verify(TEXT, user_id="ann", keys=KEYS).mode, CURSOR.tag) == (Mode.FOR_YOU, None)


@steady
@given(
    mode=st.sampled_from([Mode.FOLLOWING, Mode.LATEST, Mode.EXPLORE]),
    tag=st.none() | st.text(min_size=1, max_size=64),
    user=st.text(min_size=1, max_size=128),
    post_numbers=st.lists(st.integers(0, 2**28 - 1), max_size=MAX_UNRECORDED).map(tuple),
)
def test_a_cursor_carries_mode_and_tag(mode: Mode, tag: str | None, user: str, post_numbers: tuple[int, ...]) -> None:
    cursor = Cursor(slot=7, nonce=b"8 bytes!", position=3, unrecorded=post_numbers, mode=mode, tag=tag)
    text = sign(cursor, user_id=user, keys=KEYS)
    assert (verify(text, user_id=user, keys=KEYS), len(text) <= MAX_CURSOR) == (cursor, True)


def test_the_longest_cursor_is_accepted() -> None:
    posts = tuple(range(MAX_UNRECORDED))
    cursor = Cursor(slot=7, nonce=b"8 bytes!", position=3, unrecorded=posts, mode=Mode.LATEST, tag="🐈" * 64)
    assert len(sign(cursor, user_id="ann", keys=KEYS)) <= MAX_CURSOR


@pytest.mark.parametrize(
    "rest", ["", "01", "0100", "090000" + "00", "010500" + "616263", "010000", "010000" + "02" + "07000000"]
)
def test_a_mode_that_is_cut_or_unknown_is_refused(rest: str) -> None:
    body = bytes.fromhex("0301" + b"8 bytes!".hex() + "1400" + rest)
    text = encode_base64url(body + KEYS.sign(body + b"ann"))
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", keys=KEYS)


def test_another_users_cursor_is_refused() -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT, user_id="ben", keys=KEYS)


def test_a_cursor_under_another_key_is_refused() -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT, user_id="ann", keys=SigningKeys(current=b"x" * 32))


@pytest.mark.parametrize("length", range(32))
def test_a_truncated_cursor_is_refused(length: int) -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT[:length], user_id="ann", keys=KEYS)


@pytest.mark.parametrize("byte", range(24))
def test_a_cursor_with_one_bit_changed_is_refused(byte: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TEXT))
    raw[byte] ^= 1
    with pytest.raises(ForgedCursor):
        verify(base64.urlsafe_b64encode(bytes(raw)).decode(), user_id="ann", keys=KEYS)


@pytest.mark.parametrize("text", ["", "é", "%%%", "a b", TEXT + "AAAA", TEXT + "A", "\x00", "😀" * 8])
def test_a_text_that_is_not_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", keys=KEYS)


@steady
@given(text=st.text(max_size=60))
def test_no_text_raises_another_error(text: str) -> None:
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", keys=KEYS)
