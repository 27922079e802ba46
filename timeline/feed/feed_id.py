"""The feed id: an opaque, signed name of a page, for events to refer to. Pure.

    format u8 · source u8 · generation u32 · position u16 · nonce of the chain, 8 bytes
    · keyed BLAKE2b of these and the user id, 12

It authorizes nothing, so a broken or forged one, or another user's, is not refused: its event counts for no page.
"""

import base64
import binascii
import struct

from shared.db.events import FeedPosition
from shared.domain import SOURCES_BY_CODE
from shared.ranked_lists.codec import RankedList
from shared.signing import SigningKeys, encode_base64url

FORMAT = 1
MAX_LENGTH = 64  # characters; a feed id has 38
_BODY = struct.Struct("<BBIH8s")


def feed_id(frozen: RankedList, position: int, nonce: bytes, *, user_id: str, keys: SigningKeys) -> str:
    """The feed id of the page that starts at a position of a chain."""
    body = _BODY.pack(FORMAT, SOURCES_BY_CODE.index(frozen.source), frozen.generation, position, nonce)
    return encode_base64url(body + keys.sign(_signed(body, user_id)))


def parse_feed_id(text: object, *, user_id: str, keys: SigningKeys) -> FeedPosition | None:
    """The page behind a feed id; None when it is not one that this service gave to this user."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, signature = raw[: _BODY.size], raw[_BODY.size :]
    if len(body) != _BODY.size or not keys.verifies(_signed(body, user_id), signature):
        return None
    number, source, generation, position, _ = _BODY.unpack(body)
    if number != FORMAT or source >= len(SOURCES_BY_CODE):
        return None
    return FeedPosition(source=SOURCES_BY_CODE[source].value, generation=generation, position=position)


def _signed(body: bytes, user_id: str) -> bytes:
    return b"feed" + body + user_id.encode()
