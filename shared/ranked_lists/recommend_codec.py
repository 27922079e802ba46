"""The bytes of a request for recommendations and of its answer. Pure.

    request  when it was asked f64 (seconds since 1970, by Redis' clock) · MessagePack array of `Wanted`
    answer   format u8 · by what u8 (and 128 if it is not complete) · count u16 · entries as in a ranked list (`codec`)

Both are read strictly and within bounds: what is not exactly like this is refused.
"""

import struct
from collections.abc import Sequence
from typing import Annotated

from msgspec import DecodeError, EncodeError, Meta, Struct, msgpack

from shared.domain import MAX_ID_LENGTH, RECOMMENDED_BY_CODE, RecommendBy
from shared.ranked_lists import codec

FORMAT = 1
MAX_LIKED = 100  # posts, and as many disliked ones
MAX_TEXT = 1_000  # characters
MAX_ANSWER = 1_500  # posts
MAX_REQUEST = 131_072  # bytes: 200 ids of 128 characters of four bytes, and the text
TOKEN_LENGTH = 32  # hexadecimal digits
_ASKED_AT = struct.Struct("<d")
_ANSWER = struct.Struct("<BBH")
_INCOMPLETE = 0x80

_PostId = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]
_Hash = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class UnreadableRequest(ValueError):
    """Bytes that are no request, or an answer, of this format. They are ignored."""


class JudgedPost(Struct, array_like=True, frozen=True, gc=False):
    """A post that somebody liked or disliked. Whoever asks has checked that it may be told of."""

    id: _PostId
    id_hash: _Hash


class Wanted(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """What is asked of a ranker."""

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    token: Annotated[str, Meta(pattern=f"^[0-9a-f]{{{TOKEN_LENGTH}}}$")]  # names the key of the answer
    installation: Annotated[str, Meta(max_length=64)]  # "" if it is not known
    by: RecommendBy
    count: Annotated[int, Meta(ge=1, le=MAX_ANSWER)]  # posts of the answer, at most
    budget_ms: Annotated[int, Meta(ge=1, le=60_000)]  # after which nobody waits any more
    liked: Annotated[list[JudgedPost], Meta(max_length=MAX_LIKED)]  # in the order in which they were liked
    disliked: Annotated[list[JudgedPost], Meta(max_length=MAX_LIKED)]
    text: Annotated[str, Meta(max_length=MAX_TEXT)]


class Recommended(Struct, frozen=True, kw_only=True, gc=False):
    """A ranker's answer: packed entries, best first. Without entries it knows nothing that fits."""

    by: RecommendBy
    entries: bytes
    is_complete: bool = True  # False: not all that was asked could be compared, such as a text in time

    def __len__(self) -> int:
        return codec.length_of(self.entries)


_DECODER = msgpack.Decoder(Wanted, strict=True)


def pack_wanted(wanted: Wanted) -> bytes:
    """A request, without the time, which Redis adds.

    Raises:
        UnreadableRequest: it would be too large, or is no Unicode.
    """
    try:
        packed = msgpack.encode(wanted)
    except (EncodeError, UnicodeEncodeError) as error:
        raise UnreadableRequest("request: holds half surrogates") from error
    if len(packed) > MAX_REQUEST:
        raise UnreadableRequest(f"request: {len(packed):,} bytes, at most {MAX_REQUEST:,} are taken")
    return packed


def unpack_wanted(value: bytes) -> tuple[float, Wanted]:
    """When it was asked, and what.

    Raises:
        UnreadableRequest: it is not exactly what `pack_wanted` makes.
    """
    if not _ASKED_AT.size < len(value) <= MAX_REQUEST + _ASKED_AT.size:
        raise UnreadableRequest(f"request: got {len(value)} bytes")
    (asked_at,) = _ASKED_AT.unpack_from(value)
    if not 0 <= asked_at < float("inf"):
        raise UnreadableRequest("request: its time is none")
    try:
        return asked_at, _DECODER.decode(memoryview(value)[_ASKED_AT.size :])
    except (DecodeError, RecursionError) as error:
        raise UnreadableRequest("request: of another format") from error


def pack_recommended(answer: Recommended) -> bytes:
    """An answer; more entries than `MAX_ANSWER` are left out."""
    entries = codec.part(answer.entries, 0, MAX_ANSWER)
    by = RECOMMENDED_BY_CODE.index(answer.by) | (0 if answer.is_complete else _INCOMPLETE)
    return _ANSWER.pack(FORMAT, by, codec.length_of(entries)) + entries


def unpack_recommended(value: bytes) -> Recommended:
    """Read an answer.

    Raises:
        UnreadableRequest: another format, or the length does not match.
    """
    if len(value) < _ANSWER.size:
        raise UnreadableRequest(f"answer: got {len(value)} bytes, expected {_ANSWER.size} or more")
    number, flags, count = _ANSWER.unpack_from(value)
    by = flags & ~_INCOMPLETE
    if number != FORMAT or by >= len(RECOMMENDED_BY_CODE) or count > MAX_ANSWER:
        raise UnreadableRequest(f"answer: got format {number}, by {by}, {count} posts")
    entries = value[_ANSWER.size :]
    if len(entries) != count * codec.ENTRY.size:
        raise UnreadableRequest(f"answer: got {len(entries)} bytes for {count} posts")
    return Recommended(by=RECOMMENDED_BY_CODE[by], entries=entries, is_complete=not flags & _INCOMPLETE)


def judged(posts: Sequence[tuple[str, int]]) -> list[JudgedPost]:
    """Posts by id and id hash."""
    return [JudgedPost(post_id, id_hash) for post_id, id_hash in posts[:MAX_LIKED]]
