import numpy as np
import pytest

from benchmarks.quality.strangers import PopularForColdUsers
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import rankers
from s02_train_neucf.evaluation.rankers import EASE, ItemKNN, Popularity, SparseItemKNN
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
    assert np.flatnonzero(knn.weights.toarray()[:, 0]).tolist() == [1]


def test_ease_solves_its_own_equation() -> None:
    likes = likes_of((0, 0), (0, 1), (1, 0), (1, 2), (2, 1))
    x, l2 = likes.mask(slice(0, 3)).astype(float), 2.0
    weights = EASE(likes, l2=l2).weights.astype(float)
    gradient = x.T @ (x @ weights - x) + l2 * weights  # zero wherever the diagonal is not forced to be zero
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(gradient[off], 0.0, atol=1e-5)


def test_ease_does_not_recommend_a_post_for_itself() -> None:
    assert np.diag(EASE(likes_of((0, 0), (1, 1))).weights).tolist() == [0.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def crowd() -> LikeMatrix:
    """More posts than are counted at once, some of them liked by many and some by nobody."""
    chance = np.random.default_rng(0)
    users, posts = chance.integers(0, 300, 9_000), chance.zipf(1.5, 9_000) % 600
    return LikeMatrix.of(users, posts, n_users=300, n_posts=600)


def dense_nearness(likes: LikeMatrix, neighbours: int, shrink: float) -> np.ndarray:
    """Item-kNN as its formula reads."""
    x = likes.mask(slice(0, likes.n_users)).astype(np.float64)
    together = x.T @ x
    length = np.sqrt(np.diag(together))
    nearness = together / (np.outer(length, length) + shrink + 1e-9)
    np.fill_diagonal(nearness, 0.0)
    least = np.sort(nearness, axis=0)[-neighbours]
    return np.where(nearness >= least - 1e-9, nearness, 0.0)


@pytest.mark.parametrize("neighbours", [5, 100])
def test_nearness_of_a_few_posts_at_once_is_that_of_all(crowd: LikeMatrix, neighbours: int) -> None:
    knn = ItemKNN(crowd, neighbours=neighbours)
    np.testing.assert_allclose(knn.weights.toarray(), dense_nearness(crowd, neighbours, 10.0), atol=1e-6)


def test_ease_in_the_memory_of_one_matrix_is_the_plain_formula(crowd: LikeMatrix) -> None:
    x = crowd.mask(slice(0, crowd.n_users)).astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + 30.0 * np.eye(x.shape[1]))
    expected = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(EASE(crowd, l2=30.0).weights, expected, atol=1e-6)


def test_the_sparse_approximation_is_exact_where_nobody_likes_very_many(crowd: LikeMatrix) -> None:
    exact, sparse = ItemKNN(crowd), SparseItemKNN(crowd, most_likes=600)
    np.testing.assert_array_equal(sparse.weights.toarray(), exact.weights.toarray())


def test_the_sparse_approximation_counts_some_likes_of_each_user(crowd: LikeMatrix) -> None:
    weights = SparseItemKNN(crowd, neighbours=600, most_likes=2).weights
    assert 0 < weights.nnz <= 2 * crowd.n_users


def test_the_sparse_approximation_takes_any_number_of_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rankers, "MAX_DENSE_POSTS", 2)
    with pytest.raises(TrainingRefused, match="got 3 posts, expected at most 2"):
        ItemKNN(likes_of((0, 0)))
    assert SparseItemKNN(likes_of((0, 0), (0, 1), (1, 0))).scores(slice(1, 2))[0].argmax() == 1


def test_too_many_posts_for_a_dense_matrix_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rankers, "MAX_DENSE_POSTS", 2)
    with pytest.raises(TrainingRefused, match="got 3 posts, expected at most 2"):
        EASE(likes_of((0, 0)))


def test_someone_without_likes_gets_popularity_and_the_others_their_own() -> None:
    likes = likes_of((0, 0), (0, 1), (1, 0), n_users=3)
    knn = ItemKNN(likes)
    scores = PopularForColdUsers(knn, likes).scores(slice(1, 3))
    np.testing.assert_array_equal(scores, [knn.scores(slice(1, 2))[0], [2.0, 1.0, 0.0]])
