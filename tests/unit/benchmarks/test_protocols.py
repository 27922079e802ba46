import numpy as np
import pytest

from benchmarks.quality.data import Columns, QualityData, lined_up
from benchmarks.quality.protocols import all_items_ranked, cold_items_ranked, ncf_sampled, protocols_of
from benchmarks.quality.validation import held_back, validation_of
from s02_train_neucf.evaluation.ranker import Scores
from shared.neucf.features import ContentVectors, PostFeatures


class Fixed:
    """A ranker with given scores, the same for everybody."""

    def __init__(self, *scores: float) -> None:
        self.values = np.array(scores, dtype=np.float32)

    def scores(self, users: slice) -> Scores:
        return np.broadcast_to(self.values, (users.stop - users.start, len(self.values)))


def data_of(train: list[tuple[int, int]], test: list[tuple[int, int]], n_posts: int, **more: object) -> QualityData:
    photos = ContentVectors(np.ones((n_posts, 2), np.float32), np.ones(n_posts, np.bool_))
    columns = Columns(
        name="hand-made", train=np.array(train), test=np.array(test), post_id_hashes=np.arange(n_posts),
        features=PostFeatures(image=photos), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return lined_up(columns)


def test_what_a_user_touched_is_never_ranked() -> None:
    data = data_of([(1, 0), (2, 1)], [(1, 2)], 3)
    assert all_items_ranked(Fixed(3, 1, 2), data).values["mrr@5"].tolist() == [1.0]


def test_several_relevant_posts_count_in_recall_and_ndcg() -> None:
    data = data_of([(1, 0)], [(1, 1), (1, 7)], 8)
    got = all_items_ranked(Fixed(0, 9, 8, 7, 6, 5, 4, 3), data).values
    assert (got["recall@5"].tolist(), got["recall@10"].tolist()) == ([0.5], [1.0])
    np.testing.assert_allclose(got["ndcg@5"], [1 / (1 + 1 / np.log2(3))])


def test_a_scorer_that_gives_all_the_same_gets_no_more_than_chance() -> None:
    n = 400
    data = data_of([(user, 399) for user in range(n)], [(user, user) for user in range(399)], n)
    assert all_items_ranked(Fixed(*[1.0] * n), data).values["hr@20"].mean() == pytest.approx(20 / 399)


def test_cold_posts_stand_among_themselves_for_those_who_want_one() -> None:
    data = data_of([(1, 0), (2, 1)], [(1, 2), (2, 0), (3, 4)], 5)
    got = cold_items_ranked(Fixed(9, 9, 3, 2, 1), data).values
    np.testing.assert_allclose(got["ndcg@20"], [1.0, 1 / np.log2(4)])  # users 1 and 3; posts 2, 3 and 4
    assert got["auc"].tolist() == [1.0, 0.0]


def test_a_world_without_cold_posts_is_not_asked_for_them() -> None:
    assert list(protocols_of(data_of([(1, 0), (2, 1)], [(1, 1)], 2))) == ["all_items_ranked"]


def test_given_negatives_make_it_the_sampled_protocol() -> None:
    data = data_of([(1, 0)], [(1, 1)], 4, test_negatives=np.array([[2, 3]]))
    assert list(protocols_of(data)) == ["ncf_sampled"]


def test_a_user_with_two_questions_counts_once() -> None:
    data = data_of([(1, 0), (2, 0)], [(1, 1), (1, 2), (2, 2)], 12, test_negatives=np.array([[*range(3, 12)]] * 3))
    scores = [0.0] * 12
    scores[1] = 1.0  # post 2 is as good as its nine negatives: its chance of the first five is a half
    assert ncf_sampled(Fixed(*scores), data).values["hr@5"].tolist() == [0.75, 0.5]


def test_validation_without_times_takes_a_share_of_each_users_likes_and_leaves_one() -> None:
    data = data_of([(1, post) for post in range(10)] + [(2, 0)], [(1, 11)], 12)
    inner = validation_of(data)
    assert inner is not None
    assert (len(inner.train), len(inner.test_likes.posts), inner.n_asked) == (9, 2, 1)


def test_validation_with_times_asks_for_the_last_likes() -> None:
    train = [(1, post) for post in range(10)]
    data = data_of(train, [(1, 11)], 12, train_at=np.array([5.0, 1, 2, 9, 8, 3, 0, 4, 6, 7]))
    held = held_back(data, np.random.default_rng(0))
    assert sorted(data.train.post_id_hashes[held].tolist()) == [3, 4]


def test_validation_of_the_sampled_protocol_asks_for_one_like_of_each_user_against_untouched_posts() -> None:
    train = [(user, post) for user in (1, 2) for post in range(4)]
    data = data_of(train, [(1, 5), (2, 6)], 40, test_negatives=np.array([[7, 8, 9]] * 2))
    inner = validation_of(data)
    assert inner is not None
    assert inner.questions is not None
    assert inner.questions.negatives.shape == (2, 3)
    assert not np.isin(inner.questions.negatives, inner.train_likes.take(np.array([0])).posts).any()


def test_validation_never_sees_the_test_side() -> None:
    data = data_of([(1, post) for post in range(10)], [(1, 11)], 12)
    inner = validation_of(data)
    assert inner is not None
    assert 11 not in {*inner.test_likes.posts, *inner.train_likes.posts}


def test_where_nobody_has_two_likes_there_is_no_validation() -> None:
    assert validation_of(data_of([(1, 0), (2, 1)], [(1, 1)], 2)) is None
