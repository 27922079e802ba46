"""What hides tell: which of them count, how much, and what is near to hidden posts, in worlds whose answer is known."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.candidates import candidate_vectors, near_hidden
from shared.candidates.asked_for import STRENGTH, AskedFor, alikeness
from shared.candidates.candidate_vectors import CandidateVectors
from shared.candidates.hides import COUNTS_FOR, HALF_LIFE, MOST, STRENGTH_OF_HIDE, Hides, recent_hides
from shared.candidates.near_hidden import NearHidden
from shared.db.engine import DatabaseSnapshot
from shared.db.vectors import ContentKind, VectorColumn
from shared.domain import KIND_CODES, InteractionKind, Reason
from shared.event_columns import Events
from shared.ranked_lists import codec

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=365)
Row = tuple[int, int, InteractionKind, timedelta]  # user, post, kind, age


def events(*rows: Row) -> Events:
    return Events(
        user_id_hashes=np.array([row[0] for row in rows], np.int64),
        post_id_hashes=np.array([row[1] for row in rows], np.int64),
        kinds=np.array([KIND_CODES[row[2]] for row in rows], np.int16),
        at=np.array([(NOW - row[3]).timestamp() for row in rows], np.float64),
    )


def hide(user: int, post: int, **age: float) -> Row:
    return user, post, InteractionKind.HIDE, timedelta(**age)


def test_only_hides_count_each_post_once_and_the_latest_first() -> None:
    rows = [hide(1, 10, hours=5), hide(1, 11, hours=1), hide(2, 10, days=1), hide(1, 10, hours=9)]
    found = recent_hides(events(*rows, (3, 10, InteractionKind.LIKE, timedelta(0))), since=LONG_AGO, now=NOW)
    assert {user: hides.post_id_hashes.tolist() for user, hides in found.items()} == {1: [11, 10], 2: [10]}


def test_a_hide_tells_less_each_day_and_nothing_after_a_month_or_before_the_candidates() -> None:
    rows = [hide(1, 10), hide(1, 11, days=10), hide(1, 12, days=29), hide(1, 13, days=31)]
    (found,) = recent_hides(events(*rows), since=LONG_AGO, now=NOW).values()
    assert found.post_id_hashes.tolist() == [10, 11, 12]
    assert found.weights.tolist() == pytest.approx([STRENGTH_OF_HIDE * 0.5 ** (days / 10) for days in (0, 10, 29)])
    assert (timedelta(days=10), timedelta(days=30)) == (HALF_LIFE, COUNTS_FOR), "as the documentation says"
    (found,) = recent_hides(events(*rows), since=NOW - timedelta(days=14), now=NOW).values()
    assert found.post_id_hashes.tolist() == [10, 11]


def test_of_very_many_hides_the_latest_count() -> None:
    many = [hide(1, post, minutes=post) for post in range(5_000)]
    (found,) = recent_hides(events(*many), since=LONG_AGO, now=NOW).values()
    assert found.post_id_hashes.tolist() == list(range(MOST))


# Posts 0 to 39; those that are alike point another way than the others, which differ a little. 100 is no candidate.
ALIKE, IDS = {3, 30}, [f"p{number}" for number in range(40)]
SNAPSHOT = cast(DatabaseSnapshot, None)


def vector_of(post: int) -> list[float]:
    return [2.0, 0.0, 0.0] if post in ALIKE | {100} else [0.0, 1.0, post / 400]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Collection[str]]:
    """Which vectors were read, of an installation with captions only."""
    read: list[Collection[str]] = []

    def vectors_of(_: object, __: object, post_ids: Collection[str], *, encoder: str, width: int) -> VectorColumn:
        assert (encoder, width) == ("words", 3)
        read.append(post_ids)
        hashes = [int(post_id[1:]) for post_id in post_ids]
        values = np.array([vector_of(post) for post in hashes], np.float16)
        return VectorColumn(post_id_hashes=np.array(hashes), values=values)

    def encoder_of(_: object, part: ContentKind, *, among: Sequence[str]) -> tuple[str, int] | None:
        return ("words", 3) if part is ContentKind.CAPTION else None

    for module in (candidate_vectors, near_hidden):
        monkeypatch.setattr(module, "load_vectors_of", vectors_of)
    monkeypatch.setattr(candidate_vectors, "most_used_encoder", encoder_of)
    monkeypatch.setattr(near_hidden, "ids_of_posts", lambda _, __, hashes: [f"p{post}" for post in hashes])
    return read


def near_to(**posts: list[int]) -> NearHidden:
    """The hides of some users, all of now."""

    @contextmanager
    def snapshots() -> Iterator[DatabaseSnapshot]:
        yield SNAPSHOT

    hides = {
        user: Hides(np.array(hidden, np.int64), np.full(len(hidden), STRENGTH_OF_HIDE))
        for user, hidden in posts.items()
    }
    return NearHidden(CandidateVectors(IDS, np.arange(len(IDS))), snapshots, hides)


@pytest.mark.parametrize("hidden", [[3], [3, 5], [100], [100, 3]])
def test_posts_like_a_hidden_one_are_lowered_and_no_others(read: list[Collection[str]], hidden: list[int]) -> None:
    lowered = near_to(ann=hidden).wishes("ann", np.arange(len(IDS)))
    assert {int(index) for index in np.flatnonzero(lowered)} == ALIKE
    assert lowered[30] == -STRENGTH_OF_HIDE


def test_users_are_prepared_together_and_each_is_lowered_by_their_own_hides(read: list[Collection[str]]) -> None:
    near = near_to(ann=[3], ben=[5], cat=[100])
    near.prepare(["ann", "ben", "cat", "dan"])
    n_reads = len(read)
    found = {user: near.wishes(user, np.array([30, 6])).tolist() for user in ("ann", "ben", "cat", "dan")}
    assert found == {"ann": [-STRENGTH_OF_HIDE, 0], "ben": [0, 0], "cat": [-STRENGTH_OF_HIDE, 0], "dan": [0, 0]}
    assert len(read) == n_reads, "all of it is there"


def test_only_some_vectors_are_read_at_a_time(read: list[Collection[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_vectors, "READ_AHEAD", 3)
    monkeypatch.setattr(candidate_vectors, "SAMPLE", 5)
    near = near_to(ann=[3])
    for _ in range(2):
        near.wishes("ann", np.array([20, 21]))
    assert sum(map(len, read)) <= 3 + 5 + 3, "the hidden one, the sample, the candidates, each with those read ahead"
    assert len({post for posts in read for post in posts}) == sum(map(len, read)), "and none twice"


def test_without_vectors_nothing_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_vectors, "most_used_encoder", lambda *_, **__: None)
    assert not near_to(ann=[3]).wishes("ann", np.arange(40)).any()


def test_what_is_near_is_what_a_wish_for_less_calls_alike(read: list[Collection[str]]) -> None:
    """The sample is all candidates here, so mean and spread are the same."""
    units = np.array([vector_of(post) for post in range(40)])
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    lowered = near_to(ann=[3]).wishes("ann", np.arange(40))
    assert -lowered / STRENGTH_OF_HIDE == pytest.approx(alikeness(units @ units[3]), abs=0.02)


def asked(near: NearHidden) -> AskedFor:
    return AskedFor(
        sorted_numbers=np.arange(40, dtype=np.uint32), indices=np.arange(40), wishes={}, rules={},
        strength_of=lambda *_: (_ for _ in ()).throw(AssertionError("nobody asked")),
        withheld_by=lambda _: np.ones(40, np.bool_), lowering=near,
    )  # fmt: skip


def ranked(posts: Sequence[int]) -> bytes:
    return b"".join(codec.pack_entry(number, Reason.POPULAR, 0.5) for number in posts)


def test_a_near_post_comes_about_twice_as_late_and_the_others_keep_their_order(read: list[Collection[str]]) -> None:
    listed = asked(near_to(ann=[3])).listed("ann", ranked([*range(10, 15), 30, *range(15, 30)]), length=15)
    posts = [codec.entry_at(listed, index)[0] for index in range(15)]
    assert posts == [*range(10, 21), 30, 21, 22, 23], "from the 6th place to the 12th"
    assert {codec.entry_at(listed, index)[1] for index in range(15)} == {"popular"}


def test_users_without_hides_need_no_longer_lists_and_have_the_same(read: list[Collection[str]]) -> None:
    lists = asked(near_to(ann=[3]))
    assert (lists.has("ann"), lists.has("ben")) == (True, False)
    assert lists.pool_of(["ben", "cat"], 15) == 15
    assert [group.tolist() for group in lists.by_pool(["ben", "ann", "cat"])] == [[0, 2], [1]]
    assert lists.listed("ben", ranked(range(40)), length=15) == ranked(range(15))
    assert read == []


@given(order=st.permutations(range(40)), length=st.integers(1, 15))
def test_no_post_beyond_the_pool_could_come_into_a_list(order: list[int], length: int) -> None:
    class Lowered:
        most = STRENGTH_OF_HIDE

        def has(self, user_id: str) -> bool:
            return user_id == "ann"

        def prepare(self, user_ids: Collection[str]) -> None:
            raise AssertionError(user_ids)

        def wishes(self, user_id: str, candidates: np.ndarray) -> np.ndarray:
            return np.where(candidates % 3 == 0, -STRENGTH_OF_HIDE, np.where(candidates % 3 == 1, -0.1, 0.0))

    lists = asked(cast(NearHidden, Lowered()))
    pool = lists.pool_of(["ann"], length)
    assert pool <= length * STRENGTH**STRENGTH_OF_HIDE + 1
    whole = np.array(order)[
        np.argsort(np.arange(1, 41) * STRENGTH ** -Lowered().wishes("ann", np.array(order)), kind="stable")
    ]
    listed = lists.listed("ann", ranked(order), length=length)
    assert [codec.entry_at(listed, index)[0] for index in range(length)] == whole[:length].tolist()
