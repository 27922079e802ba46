"""The cursor: an opaque, signed position in a user's chain. Pure.

    format u8 · slot u8 · nonce of the chain, 8 bytes · position u16
    · in format 2 only: how many post numbers u8, then each u32
    · keyed BLAKE2b of these and the user id, 12

It names a chain and a position, never a rank, so that a new list cannot move it. Format 2 is used after pages that
could not be recorded in Redis: it carries their posts, so any process can continue the chain.
"""

import struct

from msgspec import Struct

from shared.signing import MAC_BYTES, SigningKeys, decode_base64url, encode_base64url

FORMAT = 1
FORMAT_WITH_POSTS = 2
MAX_UNRECORDED = 200  # posts, the newest: two of the largest pages
MAX_POSITION = 0xFFFF
_BODY = struct.Struct("<BB8sH")


class ForgedCursor(ValueError):
    """A text that this service did not issue to this user."""


class Cursor(Struct, kw_only=True, gc=False):
    """A position in a chain: the next post to look at."""

    slot: int
    nonce: bytes
    position: int
    unrecorded: tuple[int, ...] = ()  # numbers of posts that were served and may not be recorded, last served last


def sign(cursor: Cursor, *, user_id: str, keys: SigningKeys) -> str:
    """The text for the client."""
    post_numbers = cursor.unrecorded[-MAX_UNRECORDED:]
    number = FORMAT_WITH_POSTS if post_numbers else FORMAT
    body = _BODY.pack(number, cursor.slot, cursor.nonce, cursor.position)
    if post_numbers:
        # With a count, since the signed text continues with the user id.
        body += struct.pack(f"<B{len(post_numbers)}I", len(post_numbers), *post_numbers)
    return encode_base64url(body + keys.sign(body + user_id.encode()))


def verify(text: str, *, user_id: str, keys: SigningKeys) -> Cursor:
    """Read a cursor.

    Raises:
        ForgedCursor: not ours, not this user's, or of another format.
    """
    try:
        raw = decode_base64url(text)
    except ValueError as error:
        raise ForgedCursor("not a cursor") from error
    if encode_base64url(raw) != text:  # base64 can write the same bytes in several ways; only ours is accepted
        raise ForgedCursor("not a cursor as we write it")
    body, signed = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(body) < _BODY.size or not keys.verifies(body + user_id.encode(), signed):
        raise ForgedCursor("not a cursor of this user")
    number, slot, nonce, position = _BODY.unpack_from(body)
    if number not in (FORMAT, FORMAT_WITH_POSTS):
        raise ForgedCursor(f"cursor format {number}, expected {FORMAT} or {FORMAT_WITH_POSTS}")
    count = int.from_bytes(body[_BODY.size : _BODY.size + 1])
    if len(body) != _BODY.size + (1 + 4 * count if number == FORMAT_WITH_POSTS else 0):
        raise ForgedCursor("a cursor of another length than it says")
    post_numbers = struct.unpack_from(f"<{count}I", body, _BODY.size + 1) if count else ()
    return Cursor(slot=slot, nonce=nonce, position=position, unrecorded=post_numbers)
