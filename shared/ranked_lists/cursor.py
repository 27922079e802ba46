"""The cursor: an opaque, signed place in a user's chain. Pure.

    format u8 · slot u8 · nonce of the chain, 8 bytes · position u16 · keyed BLAKE2b of these and the user id, 12

It names a chain and a position, never a rank, so that a republished list cannot move it.
"""

import hmac
import struct

from msgspec import Struct

from shared.signing import bytes_of, mac, text_of

FORMAT = 1
MAX_POSITION = 0xFFFF
_BODY = struct.Struct("<BB8sH")


class ForgedCursor(ValueError):
    """A text that this service did not issue for this user."""


class Cursor(Struct, kw_only=True, gc=False):
    """A place in a chain: the next post to look at."""

    slot: int
    nonce: bytes
    position: int


def sign(cursor: Cursor, *, user_id: str, key: bytes) -> str:
    """The text that a client gets."""
    body = _BODY.pack(FORMAT, cursor.slot, cursor.nonce, cursor.position)
    return text_of(body + _mac(body, user_id, key))


def verify(text: str, *, user_id: str, key: bytes) -> Cursor:
    """The cursor behind a text.

    Raises:
        ForgedCursor: not ours, not this user's, or of another format.
    """
    try:
        raw = bytes_of(text)
    except ValueError as error:
        raise ForgedCursor("not a cursor") from error
    if text_of(raw) != text:  # base64 has several spellings of the same bytes; ours is one
        raise ForgedCursor("not a cursor as we write it")
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if len(body) != _BODY.size or not hmac.compare_digest(mac, _mac(body, user_id, key)):
        raise ForgedCursor("not a cursor of this user")
    number, slot, nonce, position = _BODY.unpack(body)
    if number != FORMAT:
        raise ForgedCursor(f"cursor format {number}, expected {FORMAT}")
    return Cursor(slot=slot, nonce=nonce, position=position)


def _mac(body: bytes, user_id: str, key: bytes) -> bytes:
    return mac(key, body + user_id.encode())
