"""The cursor: an opaque, signed position in a user's chain. Pure.

    format u8 · slot u8 · nonce of the chain, 8 bytes · position u16
    · in format 3 only: mode u8, bytes of the tag u16, the tag
    · in formats 2 and 3 only: how many post numbers u8, then each u32
    · keyed BLAKE2b of these and the user id, 12

It names a chain and a position, never a rank, so that a new list cannot move it. Format 2 is used after pages that
could not be recorded in Redis: it carries their posts, so any process can continue the chain. Format 3 is that of all
modes but `for_you`: a chain that is gone begins anew in its mode.
"""

import struct

from msgspec import Struct

from shared.domain import MODES_BY_CODE, Mode
from shared.signing import MAC_BYTES, SigningKeys, decode_base64url, encode_base64url

FORMAT = 1
FORMAT_WITH_POSTS = 2
FORMAT_WITH_MODE = 3
MAX_UNRECORDED = 200  # posts, the newest: two of the largest pages
MAX_POSITION = 0xFFFF
_BODY = struct.Struct("<BB8sH")
_MODE = struct.Struct("<BH")


class ForgedCursor(ValueError):
    """A text that this service did not issue to this user."""


class CursorOfAnotherMode(ValueError):
    """A cursor that belongs to a chain of another mode or tag than the request names."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(f"a cursor of mode {mode.value}")
        self.mode = mode


class Cursor(Struct, kw_only=True, gc=False):
    """A position in a chain: the next post to look at."""

    slot: int
    nonce: bytes
    position: int
    unrecorded: tuple[int, ...] = ()  # numbers of posts that were served and may not be recorded, last served last
    mode: Mode = Mode.FOR_YOU  # of the chain
    tag: str | None = None  # folded; the chain shows posts with this tag only


def sign(cursor: Cursor, *, user_id: str, keys: SigningKeys) -> str:
    """The text for the client."""
    post_numbers = cursor.unrecorded[-MAX_UNRECORDED:]
    has_mode = cursor.mode is not Mode.FOR_YOU
    number = FORMAT_WITH_MODE if has_mode else FORMAT_WITH_POSTS if post_numbers else FORMAT
    body = _BODY.pack(number, cursor.slot, cursor.nonce, cursor.position)
    if has_mode:
        tag = (cursor.tag or "").encode()
        body += _MODE.pack(MODES_BY_CODE.index(cursor.mode), len(tag)) + tag
    if has_mode or post_numbers:
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
    if number not in (FORMAT, FORMAT_WITH_POSTS, FORMAT_WITH_MODE):
        raise ForgedCursor(f"cursor format {number}, expected {FORMAT} to {FORMAT_WITH_MODE}")
    mode, tag, at = (Mode.FOR_YOU, None, _BODY.size) if number != FORMAT_WITH_MODE else _mode_of(body)
    count = int.from_bytes(body[at : at + 1])
    if len(body) != at + (0 if number == FORMAT else 1 + 4 * count):
        raise ForgedCursor("a cursor of another length than it says")
    post_numbers = struct.unpack_from(f"<{count}I", body, at + 1) if number != FORMAT and count else ()
    return Cursor(slot=slot, nonce=nonce, position=position, unrecorded=post_numbers, mode=mode, tag=tag)


def _mode_of(body: bytes) -> tuple[Mode, str | None, int]:
    """Mode and tag of a signed body of format 3, and where they end."""
    start = _BODY.size + _MODE.size
    if len(body) < start:
        raise ForgedCursor("a cursor without its mode")
    code, length = _MODE.unpack_from(body, _BODY.size)
    if code >= len(MODES_BY_CODE):
        raise ForgedCursor(f"mode {code} of a cursor, expected one below {len(MODES_BY_CODE)}")
    return MODES_BY_CODE[code], body[start : start + length].decode() or None, start + length
