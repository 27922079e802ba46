"""The bytes of what is similar to one post: a header, then entries as in a ranked list (`codec`). Pure.

    header   format u8 · post number u32 · author hash u64       of the post that was asked about
    entry    post number and reason u32 · score float16, the most similar first

All little-endian; 48 posts take 301 bytes. The header has all that decides whether somebody may ask about the post, so
that this is known without another read. Another format number counts as absent, until the next run replaces it.
"""

import struct

from msgspec import Struct

from shared.ranked_lists import codec
from shared.ranked_lists.codec import UnreadableList

FORMAT = 1
HEADER = struct.Struct("<BIQ")
MOST = 48  # posts: enough for a page of 20 when some of them are withheld from whoever asks


class Neighbours(Struct, kw_only=True, gc=False):
    """The posts that are similar to one."""

    post_number: int
    author: int  # author hash
    entries: bytes  # packed, the most similar first

    def __len__(self) -> int:
        return codec.length_of(self.entries)


def pack_neighbours(neighbours: Neighbours) -> bytes:
    """The value for Redis."""
    return HEADER.pack(FORMAT, neighbours.post_number, neighbours.author) + neighbours.entries


def unpack_neighbours(value: bytes) -> Neighbours:
    """Read a value.

    Raises:
        UnreadableList: another format, or not whole.
    """
    if len(value) < HEADER.size or value[0] != FORMAT or (len(value) - HEADER.size) % codec.ENTRY.size:
        raise UnreadableList(f"similar posts: got {len(value)} bytes, expected format {FORMAT} and whole entries")
    _, post_number, author = HEADER.unpack_from(value)
    return Neighbours(post_number=post_number, author=author, entries=value[HEADER.size :])
