"""The short signature, and texts of bytes."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from shared.signing import MAC_BYTES, decode_base64url, encode_base64url, mac


def test_a_signature_stays_the_same_from_version_to_version() -> None:
    assert mac(b"key", b"message").hex() == "c1f8f9aea20236cb6773de8b"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 7), st.data())
def test_another_key_or_another_message_gives_another_signature(
    key: bytes, message: bytes, bit: int, data: st.DataObject
) -> None:
    signature, place = mac(key, message), data.draw(st.integers(0, 31))
    other_key = bytearray(key)
    other_key[place] ^= 1 << bit
    assert len(signature) == MAC_BYTES
    assert signature not in (mac(bytes(other_key), message), mac(key, message + b"\0"), mac(key, b"\0" + message))


@given(st.binary(max_size=60))
def test_bytes_come_back_from_their_text(raw: bytes) -> None:
    text = encode_base64url(raw)
    assert text == base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert decode_base64url(text) == raw


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_read_by_its_own_letters_alone(text: str) -> None:
    """Letters of another alphabet are passed over; whoever makes the text again sees the difference."""
    try:
        raw = decode_base64url(text)
    except ValueError:
        return
    assert text.isascii()
    assert len(raw) <= len(text)
