"""An author's newest posts, and the authors whom a user follows, as Redis holds them. Pure.

    posts     an entry of a ranked list, 6 bytes · created at u32 (seconds since 1970, UTC); newest first
    followed  version u64, big-endian · read at u32 · author hashes u64; the newest follow first

Followed authors that were read at 0 are unknown: an act has changed them, and PostgreSQL must be asked.
"""

import struct
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from shared.ranked_lists.codec import ENTRY, UnreadableList

_HEAD = struct.Struct(">QI")  # the version first and big-endian: a script in Redis compares it
DATED_BYTES = ENTRY.size + 4


class DatedPosts(NamedTuple):
    """Posts in columns: packed entries, and when each was created in seconds since 1970."""

    entries: tuple[bytes, ...]
    at: tuple[int, ...]


class Followed(NamedTuple):
    """The authors whom a user follows, as of a time."""

    version: int  # from PostgreSQL, taken before they were read
    read_at: int  # seconds since 1970
    authors: Sequence[int]  # hashes


def unpack_posts(value: bytes) -> DatedPosts:
    """The posts of an author, or of several, one after the other; an incomplete last one is left out."""
    count = len(value) // DATED_BYTES
    columns = _layout(count).unpack_from(value)
    return DatedPosts(columns[::2], columns[1::2])


def pack_followed(followed: Followed) -> bytes:
    """The value for Redis."""
    return _HEAD.pack(followed.version, followed.read_at) + array("Q", followed.authors).tobytes()


def unpack_followed(value: bytes) -> Followed:
    """Read what `pack_followed` wrote.

    Raises:
        UnreadableList: another version's.
    """
    if len(value) < _HEAD.size or (len(value) - _HEAD.size) % 8:
        raise UnreadableList(f"followed authors: got {len(value)} bytes, expected {_HEAD.size} and 8 for each")
    version, read_at = _HEAD.unpack_from(value)
    authors = array("Q")
    authors.frombytes(value[_HEAD.size :])
    return Followed(version, read_at, authors)


@lru_cache(maxsize=1024)
def _layout(count: int) -> struct.Struct:
    return struct.Struct("<" + f"{ENTRY.size}sI" * count)
