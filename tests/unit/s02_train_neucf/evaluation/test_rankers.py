import numpy as np
import pytest

from benchmarks.quality.strangers import PopularForColdUsers
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import rankers
from s02_train_neucf.evaluation.rankers import EASE, ItemKNN, Popularity
from shared.errors import TrainingRefused


def likes_of(*pairs: tuple[int, int], n_users: int = 3, n_posts: int = 3) -> LikeMatrix:
    columns = np.array(pairs, dtype=np.int64)
    return LikeMatrix.of(columns[:, 0], columns[:, 1], n_users=n_users, n_posts=n_posts)


def test_popularity_counts_users_and_is_the_same_for_everybody() -> None:
    scores = Popularity(likes_of((0, 1), (1, 1), (2, 0))).scores(slice(0, 2))
    assert scores.tolist() == [[1.0, 2.0, 0.0]] * 2


def test_nearness_is_the_cosine_of_the_posts_readers() -> None:
    knn = ItemKNN(likes_of((0, 0), (0, 1), (1, 0)), shrink=0.0)
    np.testing.assert_allclose(knn.weights[0, 1], 1 / np.sqrt(2 * 1), rtol=1e-6)


def test_only_the_nearest_neighbours_count() -> None:
    knn = ItemKNN(likes_of((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 2)), neighbours=1, shrink=0.0)
    assert np.flatnonzero(knn.weights[:, 0]).tolist() == [1]


def test_ease_solves_its_own_equation() -> None:
    likes = likes_of((0, 0), (0, 1), (1, 0), (1, 2), (2, 1))
    x, l2 = likes.mask(slice(0, 3)).astype(float), 2.0
    weights = EASE(likes, l2=l2).weights.astype(float)
    gradient = x.T @ (x @ weights - x) + l2 * weights  # zero wherever the diagonal is not forced to be zero
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(gradient[off], 0.0, atol=1e-5)


def test_ease_does_not_recommend_a_post_for_itself() -> None:
    assert np.diag(EASE(likes_of((0, 0), (1, 1))).weights).tolist() == [0.0, 0.0, 0.0]


def test_too_many_posts_for_a_dense_matrix_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rankers, "MAX_DENSE_POSTS", 2)
    with pytest.raises(TrainingRefused, match="got 3 posts, expected at most 2"):
        EASE(likes_of((0, 0)))


def test_someone_without_likes_gets_popularity_and_the_others_their_own() -> None:
    likes = likes_of((0, 0), (0, 1), (1, 0), n_users=3)
    knn = ItemKNN(likes)
    scores = PopularForColdUsers(knn, likes).scores(slice(1, 3))
    np.testing.assert_array_equal(scores, [knn.scores(slice(1, 2))[0], [2.0, 1.0, 0.0]])
