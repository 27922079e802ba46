"""The bytes of similar posts: what is packed is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists import codec, keys
from shared.ranked_lists.codec import MAX_POST_NUMBER, UnreadableList
from shared.ranked_lists.neighbours import HEADER, MOST, Neighbours, pack_neighbours, unpack_neighbours

ENTRIES = st.lists(
    st.tuples(
        st.integers(1, MAX_POST_NUMBER),
        st.sampled_from([Reason.SIMILAR_PHOTO, Reason.SIMILAR_CAPTION]),
        st.floats(0, 60, width=16),
    ),
    max_size=MOST,
)


@given(number=st.integers(1, MAX_POST_NUMBER), author=st.integers(0, 2**64 - 1), entries=ENTRIES)
def test_what_is_packed_is_read_again(number: int, author: int, entries: list[tuple[int, Reason, float]]) -> None:
    packed = b"".join(codec.pack_entry(*entry) for entry in entries)
    value = pack_neighbours(Neighbours(post_number=number, author=author, entries=packed))
    assert len(value) == HEADER.size + 6 * len(entries) <= 301
    read = unpack_neighbours(value)
    assert (read.post_number, read.author, len(read)) == (number, author, len(entries))
    found = [codec.entry_at(read.entries, place) for place in range(len(read))]
    assert found == [(post, reason.code, score) for post, reason, score in entries]


@given(value=st.binary(max_size=80))
def test_other_bytes_are_read_whole_or_refused(value: bytes) -> None:
    try:
        read = unpack_neighbours(value)
    except UnreadableList:
        return
    assert pack_neighbours(read) == value


def test_a_later_format_counts_as_unreadable() -> None:
    value = pack_neighbours(Neighbours(post_number=1, author=2, entries=b""))
    with pytest.raises(UnreadableList, match="expected format 1"):
        unpack_neighbours(b"\x02" + value[1:])


def test_a_key_is_short_and_names_no_post() -> None:
    name = keys.similar("a post of somebody's, with a long id")
    assert len(name) == 27
    assert "somebody" not in name
    assert name != keys.similar("another")
