"""The bytes of viewers, seen posts, chains, catalogue entries, the phase and publications."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import INITIAL_PHASE, Phase, PhaseState, Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists import records
from shared.ranked_lists.codec import RankedList, UnreadableList, encode, pack_entry
from shared.ranked_lists.publication import Publication, pack_publication, unpack_publication
from shared.ranked_lists.records import CatalogueEntry, Chain, SeenRecord

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NONCE = b"8 bytes!"
OWN = 42
steady = settings(deadline=None, max_examples=60)
numbers_of_posts = st.integers(0, 2**32 - 1)
author_hashes = st.integers(0, 2**64 - 1)


def _frozen(count: int) -> RankedList:
    entries = b"".join(pack_entry(post_number, Reason.RECENT, 0.25) for post_number in range(count))
    return RankedList(source=Source.NEUCF, generation=3, generated_at=AT, entries=entries)


@steady
@given(
    authors=st.frozensets(author_hashes, max_size=10),
    hidden=st.frozensets(numbers_of_posts, max_size=10),
    seen=st.lists(numbers_of_posts, max_size=10),
)
def test_a_viewer_comes_back_with_the_users_own_hash(
    authors: frozenset[int], hidden: frozenset[int], seen: list[int]
) -> None:
    value = records.pack_viewer(
        Viewer(hidden_authors=authors, hidden_posts=hidden, seen_posts=seen), version=9, own=OWN
    )
    got = records.unpack_viewer(value, own=OWN)
    assert (got.hidden_authors, got.hidden_posts, list(got.seen_posts)) == (authors | {OWN}, hidden, seen)


def test_a_user_without_a_viewer_still_does_not_see_their_own_posts() -> None:
    assert records.unpack_viewer(None, own=OWN).hidden_authors == {OWN}


def test_the_users_own_hash_takes_no_space() -> None:
    value = records.pack_viewer(Viewer(hidden_authors=frozenset({OWN})), version=1, own=OWN)
    assert len(value) == 20


@pytest.mark.parametrize("size", [1, 19, 21, 27])
def test_a_torn_viewer_is_refused(size: int) -> None:
    value = records.pack_viewer(Viewer(hidden_authors=frozenset({1})), version=1, own=OWN)
    with pytest.raises(UnreadableList, match="viewer"):
        records.unpack_viewer(value[:size], own=OWN)


@pytest.mark.parametrize(("older", "newer"), [(1, 2), (127, 128), (255, 256), (65, 97), (2**31, 2**32)])
def test_a_later_viewer_has_the_greater_version_in_its_first_eight_bytes(older: int, newer: int) -> None:
    heads = [records.pack_viewer(Viewer(), version=version, own=0)[:8] for version in (older, newer)]
    assert int.from_bytes(heads[0], "big") < int.from_bytes(heads[1], "big")


@steady
@given(visits=st.integers(0, 2**32 - 1), post_numbers=st.lists(numbers_of_posts, max_size=20))
def test_seen_posts_come_back_in_their_order(visits: int, post_numbers: list[int]) -> None:
    got = records.unpack_seen(records.pack_visits(visits) + records.pack_post_numbers(post_numbers))
    assert (got.visits, list(got.post_numbers)) == (visits, post_numbers)


def test_an_incomplete_last_seen_post_is_left_out() -> None:
    value = records.pack_visits(3) + records.pack_post_numbers([5, 6])
    assert list(records.unpack_seen(value[:-1]).post_numbers) == [5]


@pytest.mark.parametrize("value", [None, b"", b"abc"])
def test_no_seen_record_means_nothing_was_seen(value: bytes | None) -> None:
    assert records.unpack_seen(value) == SeenRecord()


@steady
@given(count=st.integers(0, 30), ends=st.lists(st.integers(0, 0xFFFF), max_size=10))
def test_a_chain_comes_back_as_it_was(count: int, ends: list[int]) -> None:
    chain = Chain(nonce=NONCE, frozen=_frozen(count), page_ends=tuple(ends))
    assert records.unpack_chain(records.pack_chain(chain), nonce=NONCE) == chain


@pytest.mark.parametrize("value", [None, b"", b"another!" + encode(_frozen(2))])
def test_a_slot_without_this_chain_gives_no_chain(value: bytes | None) -> None:
    assert records.unpack_chain(value, nonce=NONCE) is None


@pytest.mark.parametrize("size", [8, 9, 19, 20, 25])
def test_a_torn_chain_is_refused(size: int) -> None:
    value = records.pack_chain(Chain(nonce=NONCE, frozen=_frozen(2)))
    with pytest.raises(UnreadableList):
        records.unpack_chain(value[:size], nonce=NONCE)


def test_a_page_ends_where_it_ended_when_it_was_served() -> None:
    assert Chain(nonce=NONCE, frozen=_frozen(9), page_ends=(3, 6)).end_of_page(3) == 6


def test_a_page_that_was_not_served_yet_has_no_end() -> None:
    assert Chain(nonce=NONCE, frozen=_frozen(9), page_ends=(3, 6)).end_of_page(6) is None


@steady
@given(count=st.integers(0, 30), unseen=st.integers(0, 30))
def test_a_tail_comes_back_under_its_own_nonce_only(count: int, unseen: int) -> None:
    tail = records.Tail(unseen=min(unseen, count), entries=bytes(6 * count))
    value = records.pack_tail(NONCE, tail)
    assert (records.unpack_tail(value, nonce=NONCE), records.unpack_tail(value, nonce=b"another!")) == (tail, None)


@steady
@given(count=st.integers(0, 30), unseen=st.integers(0, 30), left=st.integers(1, 30))
def test_a_tail_with_a_rest_comes_back_and_is_not_recognised_by_versions_without_a_rest(
    count: int, unseen: int, left: int
) -> None:
    tail = records.Tail(unseen=min(unseen, count), entries=bytes(6 * count), rest=b"\1" * 6 * left)
    value = records.pack_tail(NONCE, tail)
    assert (records.unpack_tail(value, nonce=NONCE), records.unpack_tail(value, nonce=b"another!")) == (tail, None)
    assert not value.startswith(NONCE)  # by which the versions before knew a tail


@pytest.mark.parametrize("size", [0, 1, 3, 6, 7, 12])
def test_a_value_that_is_not_a_tail_counts_as_absent(size: int) -> None:
    assert records.unpack_tail(NONCE + bytes(size), nonce=NONCE) is None
    assert records.unpack_tail(records.mark_of_tail(NONCE) + bytes(size), nonce=NONCE) is None


@steady
@given(
    post_number=numbers_of_posts,
    post_id=st.text(min_size=1, max_size=128),
    author=author_hashes,
    cluster=numbers_of_posts,
)
def test_a_catalogue_entry_comes_back_as_it_was(post_number: int, post_id: str, author: int, cluster: int) -> None:
    entry = CatalogueEntry(post_number=post_number, post_id=post_id, author=author, cluster=cluster)
    assert records.unpack_post(post_number, records.pack_post(entry)) == entry


@steady
@given(
    version=st.integers(0, 2**62),
    phase=st.sampled_from(Phase),
    percent=st.integers(0, 10_000).map(lambda hundredths: hundredths / 100),
    salt=st.text(max_size=40),
)
def test_a_phase_comes_back_as_it_was(version: int, phase: Phase, percent: float, salt: str) -> None:
    state = PhaseState(version=version, phase=phase, rollout_percent=percent, salt=salt)
    assert records.unpack_phase(records.pack_phase(state)) == state


def test_no_phase_is_the_initial_one() -> None:
    assert records.unpack_phase(None) == INITIAL_PHASE


@pytest.mark.parametrize("value", [b"1|heuristic", b"x|heuristic|100|", b"1|mood|100|", b"1|neucf|many|", b"\xff"])
def test_a_phase_that_cannot_be_read_is_refused(value: bytes) -> None:
    with pytest.raises(UnreadableList, match="expected version"):
        records.unpack_phase(value)


def test_a_publication_comes_back_as_it_was() -> None:
    publication = Publication(run=5, at=AT, lists=100, bytes=121_200, seconds=1.5)
    assert unpack_publication(pack_publication(publication)) == publication


@pytest.mark.parametrize("value", [b"", b"1|2|3|4", b"1|2|3|4|5|6", b"a|b|c|d|e"])
def test_a_publication_that_cannot_be_read_is_refused(value: bytes) -> None:
    with pytest.raises(UnreadableList, match="expected run"):
        unpack_publication(value)
