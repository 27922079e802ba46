"""Authors' posts and followed authors come back as they were, and other bytes are refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists.author_posts import Followed, pack_followed, unpack_followed, unpack_posts
from shared.ranked_lists.codec import UnreadableList, pack_entry

HASHES = st.integers(0, 2**64 - 1)


@given(st.integers(0, 2**53), st.integers(0, 2**32 - 1), st.lists(HASHES, max_size=50))
def test_followed_authors_come_back_and_the_version_stands_first(version: int, at: int, authors: list[int]) -> None:
    packed = pack_followed(Followed(version, at, authors))
    back = unpack_followed(packed)
    assert (back.version, back.read_at, [*back.authors]) == (version, at, authors)
    assert struct.unpack(">Q", packed[:8]) == (version,), "a script in Redis compares it"


@pytest.mark.parametrize("value", [b"", b"x" * 11, b"x" * 13, b"x" * 19])
def test_other_bytes_are_not_followed_authors(value: bytes) -> None:
    with pytest.raises(UnreadableList):
        unpack_followed(value)


def test_posts_come_back_and_an_incomplete_one_is_left_out() -> None:
    entries = [pack_entry(number, Reason.RECENT, 0.5) for number in (5, 6)]
    value = b"".join(entry + struct.pack("<I", 100 + at) for at, entry in enumerate(entries))
    assert unpack_posts(value) == (tuple(entries), (100, 101))
    assert unpack_posts(value + b"xyz") == (tuple(entries), (100, 101))
    assert unpack_posts(b"") == ((), ())
