"""One time for all, and each later like at its own moment, on a log so short that every answer can be counted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.quality import global_time, sasrec
from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.global_time import global_time_columns
from benchmarks.quality.histories import has_clock
from benchmarks.quality.neucf_system import Variant, train_neucf
from benchmarks.quality.popular_now import PopularNow
from benchmarks.quality.protocols import GLOBAL_TIME, main_protocol
from benchmarks.quality.rows import intervals
from benchmarks.quality.systems import SYSTEMS, systems_named
from benchmarks.quality.validation import validation_of
from s02_train_neucf.learning.recipe import Recipe
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import NO_FEATURES

DAY = 86_400.0
N_POSTS = 12
ELSEWHERE = {"photo-knn", "caption-knn", "neucf-no-content", "item-knn-sparse"}  # they need content, or many posts
# 36 early likes of users 0 to 5, one a day; then four later ones: two of user 1, two of user 9, who is new.
EARLY = [(number % 6, (number // 6 + number % 6) % 8) for number in range(36)]
LATER = [(1, 9), (9, 9), (9, 10), (1, 11)]
CUT = 36 * DAY


def log() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    at = np.arange(40, dtype=np.float64) * np.float64(DAY)
    at[2] += 60.0  # no two gaps of a person need be alike
    return np.array(EARLY + LATER), at


@pytest.fixture(scope="module")
def data() -> QualityData:
    pairs, at = log()
    return lined_up(global_time_columns("made up", pairs, at, post_id_hashes=np.arange(N_POSTS)))


def known(data: QualityData, row: int) -> set[int]:
    likes = data.histories.likes
    return set(likes.posts[likes.starts[row] : likes.starts[row + 1]].tolist())


def test_nothing_after_the_cut_is_learnt_from(data: QualityData) -> None:
    assert main_protocol(data)[0] == GLOBAL_TIME
    assert len(data.train) == len(data.train_likes.posts) == 36
    assert data.train.at.max() < CUT
    assert 9 not in data.user_id_hashes


def test_each_later_like_is_asked_for_by_itself(data: QualityData) -> None:
    assert data.asked_user_id_hashes.tolist() == [1, 1, 9, 9]
    assert data.test_likes.posts.tolist() == [9, 11, 9, 10]
    assert (data.asked_at / DAY).tolist() == [36, 39, 37, 38]


def test_a_history_holds_what_its_user_did_before_that_moment_and_nothing_else(data: QualityData) -> None:
    early = {post for user, post in EARLY if user == 1}
    assert [known(data, row) for row in range(4)] == [early, early | {9}, set(), {9}]
    assert data.histories.in_order[data.histories.likes.starts[2] - 1] == 9, "the latest like comes last"


def test_what_is_known_at_a_moment_is_not_ranked_there(data: QualityData) -> None:
    assert data.left_out.mask(slice(0, 4)).sum(axis=1).tolist() == [6, 7, 0, 1]


def test_a_like_of_the_same_second_is_not_known() -> None:
    pairs, at = log()
    at[39] = at[36]  # both later likes of user 1
    data = lined_up(global_time_columns("made up", pairs, at, post_id_hashes=np.arange(N_POSTS)))
    assert {9, 11}.isdisjoint(known(data, 0) | known(data, 1))


def test_a_users_figure_is_the_mean_of_their_moments(data: QualityData) -> None:
    class Nine:
        def scores(self, users: slice) -> NDArray[np.float32]:
            return np.tile(np.arange(N_POSTS) == 9, (users.stop - users.start, 1)).astype(np.float32)

    values = main_protocol(data)[1](Nine(), data).values["mrr@5"]
    assert len(values) == 2
    assert (values >= 0.5).all()
    assert intervals({"mrr@5": values})["mrr@5"].mean == pytest.approx(values.mean())


def test_of_one_user_a_bounded_number_is_asked_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(global_time, "MOST_ASKED", 2)
    pairs = np.array([(0, post) for post in range(100)])
    columns = global_time_columns("one", pairs, np.arange(100.0), post_id_hashes=np.arange(100))
    assert columns.test[:, 1].tolist() == [92, 97]


def test_rare_posts_alone_can_be_asked_for() -> None:
    pairs, at = log()
    columns = global_time_columns("rare", pairs, at, post_id_hashes=np.arange(N_POSTS), rarer_than=1)
    assert columns.test[:, 1].tolist() == [9, 9, 10, 11]


def test_validation_cuts_what_is_learnt_from_in_the_same_way(data: QualityData) -> None:
    inner = validation_of(data)
    assert inner is not None
    assert inner.moments
    assert len(inner.train) == 32
    assert inner.log.at.max() < CUT


@pytest.mark.parametrize("name", sorted(set(SYSTEMS) - {"random", "neucf", "neumf-paper"} - ELSEWHERE))
def test_every_plain_system_answers_from_the_moments_history(
    monkeypatch: pytest.MonkeyPatch, data: QualityData, name: str
) -> None:
    monkeypatch.setattr(sasrec, "STEPS_A_ROUND", 1)
    scores = SYSTEMS[name].prepare(data)(1).ranker.scores(slice(0, 4))
    assert scores.shape == (4, N_POSTS)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", ["item-knn", "ease", "ials", "ease-decayed", "ials-decayed", "transitions"])
def test_what_was_liked_after_the_cut_changes_the_answer(name: str) -> None:
    """User 9 likes what user 0 likes; nothing of theirs was there to learn from."""
    pairs, at = log()
    pairs[-2:, 0], pairs[-4:, 1] = 9, [0, 0, 1, 2]
    data = lined_up(global_time_columns("made up", pairs, at, post_id_hashes=np.arange(N_POSTS)))
    scores = SYSTEMS[name].prepare(data)(1).ranker.scores(slice(1, 4))
    assert data.asked_user_id_hashes.tolist() == [1, 9, 9, 9]
    assert not np.allclose(scores[0], scores[1], atol=0.0)
    assert not np.allclose(scores[1], scores[2], atol=0.0)


def test_neucf_is_asked_with_the_moments_history(data: QualityData) -> None:
    variant = Variant(
        config=NeuCFConfig(gmf_width=8), recipe=Recipe(epochs=1, members=1), features=NO_FEATURES, epochs=1
    )
    scores = train_neucf(data, 1, variant).scores(slice(0, 4))
    assert scores.shape == (4, N_POSTS)
    assert np.isfinite(scores).all()


def test_systems_that_cannot_take_a_history_are_left_out(data: QualityData) -> None:
    assert "neumf-paper" not in systems_named(None, data)


def popular(data: QualityData, asked_at: list[float]) -> NDArray[np.float32]:
    return PopularNow(data.log, data.posts, data.train_likes, np.array(asked_at)).scores(slice(0, len(asked_at)))


def test_a_week_is_counted_as_of_the_moment_asked(data: QualityData) -> None:
    scores = np.floor(popular(data, [CUT, CUT + 2 * DAY, CUT + 2 * DAY + 1]))
    expected = [np.bincount([post for _, post in part], minlength=N_POSTS) for part in (
        EARLY[29:], EARLY[31:] + LATER[:2], EARLY[32:] + LATER[:3],
    )]  # fmt: skip
    np.testing.assert_array_equal(scores, expected)


def test_of_posts_equal_in_a_week_the_one_liked_more_before_comes_first(data: QualityData) -> None:
    scores = popular(data, [CUT + 1000 * DAY])[0]
    likes = np.bincount(data.train_likes.posts, minlength=N_POSTS)
    assert (np.argsort(-scores, kind="stable") == np.argsort(-likes, kind="stable")).all()


def _gaps(at: Callable[[int], float]) -> bool:
    pairs, _ = log()
    columns = global_time_columns(
        "gaps", pairs, np.array([at(number) for number in range(40)]), post_id_hashes=np.arange(N_POSTS)
    )
    return lined_up(columns).clock


def test_equal_gaps_are_places_in_an_order_and_no_clock(data: QualityData) -> None:
    assert data.clock
    assert has_clock(data.train)
    assert not _gaps(lambda number: number * 1.0)


def test_a_week_means_nothing_without_a_clock() -> None:
    pairs, _ = log()
    data: Any = lined_up(global_time_columns("places", pairs, np.arange(40.0), post_id_hashes=np.arange(N_POSTS)))
    assert "popular-7-days" not in systems_named(None, data)
