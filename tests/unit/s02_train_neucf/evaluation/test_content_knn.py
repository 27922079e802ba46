import numpy as np

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.content_knn import ContentKNN
from shared.neucf.features import ContentVectors
from tests.neucf_worlds import vectors

# Posts 0 and 1 point up, 2 and 3 down, 4 has no photo; far from the origin, as an encoder's vectors are.
AROUND = np.array([[9, 2], [9, 1], [9, -1], [9, -2], [np.nan, np.nan]], dtype=np.float32)


def ranker(likes: list[int], photos: ContentVectors) -> ContentKNN:
    """One user, who likes some posts."""
    posts = np.array(likes, dtype=np.int64)
    return ContentKNN(LikeMatrix.of(np.zeros_like(posts), posts, n_users=1, n_posts=5), photos)


def test_nearness_is_the_cosine_after_centring() -> None:
    scores = ranker([0], vectors(AROUND, 0, 1, 2, 3)).scores(slice(0, 1))
    np.testing.assert_allclose(scores, [[1.0, 1.0, -1.0, -1.0, 0.0]], atol=1e-6)


def test_a_long_vector_does_not_outweigh_a_short_one() -> None:
    scores = ranker([0, 2], vectors(AROUND, 0, 1, 2, 3)).scores(slice(0, 1))
    np.testing.assert_allclose(scores, np.zeros((1, 5)), atol=1e-6)


def test_a_user_without_a_liked_photo_is_near_to_nothing() -> None:
    assert ranker([4], vectors(AROUND, 0, 1, 2, 3)).scores(slice(0, 1)).tolist() == [[0.0] * 5]


def test_without_any_photo_everything_is_alike() -> None:
    assert ranker([0], vectors(AROUND)).scores(slice(0, 1)).tolist() == [[0.0] * 5]
