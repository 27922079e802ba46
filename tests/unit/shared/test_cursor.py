"""The cursor: nobody but this service can make one, and only for one user."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ranked_lists.cursor import MAX_POSITION, Cursor, ForgedCursor, sign, verify

KEY = b"k" * 32
CURSOR = Cursor(slot=2, nonce=b"8 bytes!", position=40)
TEXT = sign(CURSOR, user_id="ann", key=KEY)
steady = settings(deadline=None, max_examples=60)


@steady
@given(
    slot=st.integers(0, 255),
    nonce=st.binary(min_size=8, max_size=8),
    position=st.integers(0, MAX_POSITION),
    user=st.text(min_size=1, max_size=128),
)
def test_a_cursor_comes_back_as_it_was(slot: int, nonce: bytes, position: int, user: str) -> None:
    cursor = Cursor(slot=slot, nonce=nonce, position=position)
    assert verify(sign(cursor, user_id=user, key=KEY), user_id=user, key=KEY) == cursor


def test_a_cursor_can_stand_in_a_url_as_it_is() -> None:
    assert all(letter.isalnum() or letter in "-_" for letter in TEXT)


def test_a_cursor_is_32_characters() -> None:
    assert len(TEXT) == 32


def test_another_users_cursor_is_refused() -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT, user_id="ben", key=KEY)


def test_a_cursor_under_another_key_is_refused() -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT, user_id="ann", key=b"x" * 32)


@pytest.mark.parametrize("length", range(32))
def test_a_truncated_cursor_is_refused(length: int) -> None:
    with pytest.raises(ForgedCursor):
        verify(TEXT[:length], user_id="ann", key=KEY)


@pytest.mark.parametrize("byte", range(24))
def test_a_cursor_with_one_bit_changed_is_refused(byte: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TEXT))
    raw[byte] ^= 1
    with pytest.raises(ForgedCursor):
        verify(base64.urlsafe_b64encode(bytes(raw)).decode(), user_id="ann", key=KEY)


@pytest.mark.parametrize("text", ["", "é", "%%%", "a b", TEXT + "AAAA", TEXT + "A", "\x00", "😀" * 8])
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", key=KEY)


@steady
@given(text=st.text(max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(ForgedCursor):
        verify(text, user_id="ann", key=KEY)
