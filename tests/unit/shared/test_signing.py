"""The short signature is the beginning of what the standard library's HMAC gives."""

import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from shared.signing import MAC_BYTES, bytes_of, mac, text_of


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_is_the_beginning_of_hmac_sha256(key: bytes, message: bytes) -> None:
    assert mac(key, message) == hmac.digest(key, message, hashlib.sha256)[:MAC_BYTES]


@given(st.binary(max_size=60))
def test_bytes_come_back_from_their_text(raw: bytes) -> None:
    text = text_of(raw)
    assert text == base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert bytes_of(text) == raw


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_read_by_its_own_letters_alone(text: str) -> None:
    """Letters of another alphabet are passed over; whoever makes the text again sees the difference."""
    try:
        raw = bytes_of(text)
    except ValueError:
        return
    assert text.isascii()
    assert len(raw) <= len(text)
