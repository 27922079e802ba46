"""The bytes of authors that are suggested to somebody: a header, then 13 bytes an author. Pure.

    header   format u8 · generation u32 · generated at u32 (seconds since 1970, UTC)
    entry    author hash u64 · reason u8 · number u16 · score float16, the best first

All little-endian; a user's 20 authors take 269 bytes. Who an author is stands apart (`keys.author_names`), so that an
erasure has one place to clear: number of posts u8 · numbers of some of their posts u32 each · id.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

from msgspec import Struct

from shared.ranked_lists.codec import UnreadableList

FORMAT = 1
HEADER = struct.Struct("<BII")
ENTRY = struct.Struct("<QBHe")
MAX_NUMBER = 65_535
MAX_EXAMPLES = 4  # posts of an author by which a reader finds out whether there is anything to show


class AuthorReason(IntEnum):
    """Why an author is suggested. The number is the code in Redis; it never changes its meaning."""

    POPULAR = 0
    LIKED_POSTS = 1  # the user liked posts of theirs
    LIKED_ALIKE = 2  # people who like what the user likes also like or follow them
    FOLLOWED_BY_FOLLOWED = 3  # people whom the user follows follow them

    @property
    def code(self) -> str:
        """The word that the API gives."""
        return self.name.lower()


class SuggestedAuthor(NamedTuple):
    """One author."""

    author: int  # author hash
    reason: AuthorReason
    number: int  # of LIKED_POSTS: posts; else people, rounded down; 0: too few to say
    score: float


class SuggestedAuthors(Struct, kw_only=True, gc=False):
    """What one run suggests, to one user or to everybody."""

    generation: int
    generated_at: datetime
    authors: Sequence[SuggestedAuthor]


class AuthorName(NamedTuple):
    """Who an author is."""

    author_id: str
    examples: Sequence[int]  # numbers of some of their posts


def header(generation: int, generated_at: datetime) -> bytes:
    """The first bytes of all values of one run; packed entries follow."""
    return HEADER.pack(FORMAT, generation, int(generated_at.timestamp()))


def pack_suggestions(suggested: SuggestedAuthors) -> bytes:
    """The value for Redis."""
    entries = (ENTRY.pack(*author) for author in suggested.authors)
    return header(suggested.generation, suggested.generated_at) + b"".join(entries)


def unpack_suggestions(value: bytes) -> SuggestedAuthors:
    """Read a value. An unknown reason is read as the first one.

    Raises:
        UnreadableList: another format, or not whole.
    """
    if len(value) < HEADER.size or value[0] != FORMAT or (len(value) - HEADER.size) % ENTRY.size:
        raise UnreadableList(f"suggestions: got {len(value)} bytes, expected format {FORMAT} and whole entries")
    _, generation, stamp = HEADER.unpack_from(value)
    authors = [
        SuggestedAuthor(author, _REASONS.get(reason, AuthorReason.POPULAR), number, score)
        for author, reason, number, score in ENTRY.iter_unpack(value[HEADER.size :])
    ]
    return SuggestedAuthors(
        generation=generation, generated_at=datetime.fromtimestamp(stamp, UTC), authors=authors
    )  # fmt: skip


def pack_name(author_id: str, examples: Iterable[int]) -> bytes:
    """Who an author is, for Redis."""
    numbers = [*examples][:MAX_EXAMPLES]
    return struct.pack(f"<B{len(numbers)}I", len(numbers), *numbers) + author_id.encode()


def unpack_name(value: bytes) -> AuthorName:
    """Read it.

    Raises:
        UnreadableList: not whole.
    """
    end = 1 + 4 * value[0] if value else 1
    if len(value) <= end:
        raise UnreadableList(f"author: got {len(value)} bytes, expected more than {end}")
    return AuthorName(value[end:].decode(), struct.unpack_from(f"<{value[0]}I", value, 1))


_REASONS = {reason.value: reason for reason in AuthorReason}
