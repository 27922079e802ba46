"""Requests for recommendations and their answers: what is written is read back, and nothing else is read."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from shared.domain import MAX_ID_LENGTH, Reason, RecommendBy
from shared.ranked_lists.codec import pack_entry
from shared.ranked_lists.recommend_codec import (
    MAX_ANSWER,
    MAX_LIKED,
    MAX_REQUEST,
    MAX_TEXT,
    JudgedPost,
    Recommended,
    UnreadableRequest,
    Wanted,
    pack_recommended,
    pack_wanted,
    unpack_recommended,
    unpack_wanted,
)

AT = struct.pack("<d", 1_800_000_000.25)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_TEXT)
POSTS = st.lists(
    st.builds(
        JudgedPost,
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_ID_LENGTH),
        st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=MAX_LIKED,
)
WANTED = st.builds(
    Wanted,
    token=st.text("0123456789abcdef", min_size=32, max_size=32),
    installation=st.uuids().map(str),
    by=st.sampled_from(RecommendBy),
    count=st.integers(1, MAX_ANSWER),
    budget_ms=st.integers(1, 60_000),
    liked=POSTS,
    disliked=POSTS,
    text=TEXTS,
)
PLAIN = Wanted(
    token="0" * 32, installation="", by=RecommendBy.HYBRID, count=1, budget_ms=300,
    liked=[JudgedPost("p1", 7)], disliked=[], text="",
)  # fmt: skip


@given(WANTED)
def test_a_request_is_read_back(wanted: Wanted) -> None:
    assert unpack_wanted(AT + pack_wanted(wanted)) == (1_800_000_000.25, wanted)


def test_the_largest_request_fits() -> None:
    ids = [JudgedPost("\U0001f600" * MAX_ID_LENGTH, -(2**63))] * MAX_LIKED
    largest = replace(PLAIN, liked=ids, disliked=ids, text="\U0001f600" * MAX_TEXT)
    packed = pack_wanted(largest)
    assert len(packed) <= MAX_REQUEST
    assert unpack_wanted(AT + packed)[1] == largest


def test_what_is_too_large_or_no_unicode_is_never_sent() -> None:
    with pytest.raises(UnreadableRequest):
        pack_wanted(replace(PLAIN, liked=[JudgedPost("x" * 1000, 0)] * 200))
    with pytest.raises(UnreadableRequest):
        pack_wanted(replace(PLAIN, text="\ud800"))


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_as_requests(value: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        unpack_wanted(value)


@pytest.mark.parametrize(
    "field",
    [
        {"token": "../wl:list:h:ann"},
        {"token": "0" * 31},
        {"count": 0},
        {"count": MAX_ANSWER + 1},
        {"budget_ms": 0},
        {"liked": [JudgedPost("p", 0)] * (MAX_LIKED + 1)},
        {"liked": [JudgedPost("", 0)]},
        {"liked": [JudgedPost("x" * (MAX_ID_LENGTH + 1), 0)]},
        {"text": "x" * (MAX_TEXT + 1)},
        {"format": 2},
        {"by": "pickle"},
    ],
    ids=str,
)
def test_a_request_beyond_its_bounds_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(UnreadableRequest):
        unpack_wanted(AT + msgpack.encode(replace(PLAIN, **field)))


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -1.0])
def test_a_time_that_is_none_is_refused(at: float) -> None:
    with pytest.raises(UnreadableRequest):
        unpack_wanted(struct.pack("<d", at) + pack_wanted(PLAIN))


@given(
    by=st.sampled_from(RecommendBy),
    is_complete=st.booleans(),
    posts=st.lists(st.tuples(st.integers(0, 2**28 - 1), st.sampled_from(Reason)), max_size=50),
)
def test_an_answer_is_read_back(by: RecommendBy, is_complete: bool, posts: list[tuple[int, Reason]]) -> None:
    entries = b"".join(pack_entry(number, reason, 0.5) for number, reason in posts)
    answer = Recommended(by=by, entries=entries, is_complete=is_complete)
    assert unpack_recommended(pack_recommended(answer)) == answer


def test_an_answer_is_cut_at_its_bound() -> None:
    long = Recommended(by=RecommendBy.CONTENT, entries=pack_entry(1, Reason.POPULAR, 0.5) * (MAX_ANSWER + 1))
    assert len(unpack_recommended(pack_recommended(long))) == MAX_ANSWER


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_as_answers(value: bytes) -> None:
    try:
        answer = unpack_recommended(value)
    except UnreadableRequest:
        return
    assert pack_recommended(answer) == value
