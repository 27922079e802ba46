"""The bytes of a ranked list."""

import math
import struct
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import SOURCES_BY_CODE, Reason, Source
from shared.ranked_lists import codec_columns
from shared.ranked_lists.codec import (
    ENTRY,
    FORMAT,
    HEADER,
    MAX_POST_NUMBER,
    VERSIONED,
    RankedList,
    UnreadableList,
    decode,
    encode,
    entry_at,
    pack_entry,
    pick,
    post_numbers_of,
    with_reason,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
steady = settings(deadline=None, max_examples=60)
entry = st.tuples(st.integers(0, MAX_POST_NUMBER), st.sampled_from(Reason), st.floats(0, 1, width=16))
entry_lists = st.lists(entry, max_size=60)


def _packed(entries: list[tuple[int, Reason, float]]) -> bytes:
    return b"".join(pack_entry(*each) for each in entries)


@steady
@given(entries=entry_lists, other=st.sampled_from(Reason))
def test_columns_of_entries_have_the_bytes_of_entries_one_by_one(
    entries: list[tuple[int, Reason, float]], other: Reason
) -> None:
    post_numbers, reasons, scores = zip(*entries, strict=True) if entries else ((), (), ())
    columns = codec_columns.entries_of(
        codec_columns.pack_posts(post_numbers, np.array(reasons, np.int64)), np.array(scores, np.float64)
    )
    one_by_one = [pack_entry(*each) for each in entries]
    assert columns.tobytes() == b"".join(one_by_one)
    changed = codec_columns.with_reason(columns, other).tobytes()
    assert changed == b"".join(with_reason(each, other) for each in one_by_one)
    half = len(entries) // 2
    parts = codec_columns.cut(columns, np.array([half, 0, len(entries) - half]))
    assert parts == [b"".join(one_by_one[:half]), b"", b"".join(one_by_one[half:])]


def test_a_score_beyond_float16_is_cut_to_what_it_holds() -> None:
    posts = codec_columns.pack_posts([1], np.zeros(1, np.int64))
    assert entry_at(codec_columns.entries_of(posts, np.array([1e6])).tobytes(), 0)[2] == 60_000


def _list(count: int, source: Source = Source.HEURISTIC) -> RankedList:
    entries = _packed([(post_number, Reason.POPULAR, 0.5) for post_number in range(count)])
    return RankedList(source=source, generation=7, generated_at=AT, entries=entries)


@steady
@given(
    entries=entry_lists,
    source=st.sampled_from(SOURCES_BY_CODE),
    generation=st.integers(0, 2**32 - 1),
    stamp=st.integers(0, 2**32 - 1),
)
def test_a_list_comes_back_as_it_was(
    entries: list[tuple[int, Reason, float]], source: Source, generation: int, stamp: int
) -> None:
    at = datetime.fromtimestamp(stamp, UTC)
    ranked = RankedList(source=source, generation=generation, generated_at=at, entries=_packed(entries))
    assert decode(encode(ranked)) == ranked


@steady
@given(entries=entry_lists)
def test_each_entry_comes_back_as_it_was(entries: list[tuple[int, Reason, float]]) -> None:
    packed = _packed(entries)
    got = [entry_at(packed, index) for index in range(len(entries))]
    assert got == [(post_number, reason.code, score) for post_number, reason, score in entries]


@steady
@given(entries=entry_lists)
def test_post_numbers_come_back_in_their_order(entries: list[tuple[int, Reason, float]]) -> None:
    assert post_numbers_of(_packed(entries)) == [post_number for post_number, _, _ in entries]


@steady
@given(entries=st.lists(entry, min_size=1, max_size=20), data=st.data())
def test_picked_entries_are_in_the_order_of_the_positions(
    entries: list[tuple[int, Reason, float]], data: st.DataObject
) -> None:
    positions = data.draw(st.lists(st.integers(0, len(entries) - 1), max_size=20))
    assert pick(_packed(entries), positions) == _packed([entries[position] for position in positions])


@steady
@given(score=st.floats(0, 1))
def test_a_score_keeps_three_digits(score: float) -> None:
    _, _, got = entry_at(pack_entry(1, Reason.RECENT, score), 0)
    assert math.isclose(got, score, rel_tol=2**-11, abs_tol=1e-7)


def test_200_posts_take_1212_bytes() -> None:
    assert len(encode(_list(200))) == 1212


def test_a_list_knows_its_length() -> None:
    assert len(_list(13)) == 13


def test_an_empty_list_is_a_list() -> None:
    assert len(decode(encode(_list(0)))) == 0


def test_the_greatest_post_number_and_reason_fit_together() -> None:
    packed = ENTRY.pack(15 << 28 | MAX_POST_NUMBER, 1.0)
    assert post_numbers_of(packed) == [268_435_455]


def test_a_reason_that_this_version_does_not_know_reads_as_popular() -> None:
    assert entry_at(ENTRY.pack(15 << 28 | 3, 1.0), 0) == (3, "popular", 1.0)


@pytest.mark.parametrize("size", [0, 1, HEADER.size - 1])
def test_a_value_shorter_than_a_header_is_refused(size: int) -> None:
    with pytest.raises(UnreadableList, match=f"got {size} bytes, expected 12 or more"):
        decode(encode(_list(2))[:size])


@pytest.mark.parametrize("missing", [1, 5, 6, 12])
def test_a_torn_value_is_refused(missing: int) -> None:
    with pytest.raises(UnreadableList, match="for 2 entries"):
        decode(encode(_list(2))[:-missing])


def test_a_value_with_something_after_its_end_is_refused() -> None:
    with pytest.raises(UnreadableList, match="got 13 bytes for 2 entries"):
        decode(encode(_list(2)) + b"x")


@pytest.mark.parametrize("number", [0, VERSIONED + 1, 255])
def test_another_format_is_refused(number: int) -> None:
    value = bytes([number]) + encode(_list(2))[1:]
    with pytest.raises(UnreadableList, match=f"got format {number}"):
        decode(value)


def test_an_unknown_source_is_refused() -> None:
    value = struct.pack("<BBHII", FORMAT, len(SOURCES_BY_CODE), 0, 1, 1)
    with pytest.raises(UnreadableList, match=f"source {len(SOURCES_BY_CODE)}"):
        decode(value)


def test_sources_keep_their_codes() -> None:
    codes = [encode(_list(0, source))[1] for source in (Source.HEURISTIC, Source.NEUCF, Source.EVERYONE)]
    assert codes == [0, 1, 2]
