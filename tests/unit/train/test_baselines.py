from collections.abc import Callable

import numpy as np
import pytest

from s02_train_neucf import baselines
from s02_train_neucf.baselines import EASE, ItemKNN, Popularity, Ranker
from s02_train_neucf.dataset import Likes
from s02_train_neucf.evaluate import exam_of, per_user
from shared.errors import TrainingRefused
from tests.neucf_worlds import two_camps

personal = pytest.mark.parametrize("make", [ItemKNN, lambda likes: EASE(likes, l2=1.0)], ids=["item-kNN", "EASE"])


def likes_of(*pairs: tuple[int, int], n_users: int = 3, n_posts: int = 3) -> Likes:
    columns = np.array(pairs, dtype=np.int64)
    return Likes.of(columns[:, 0], columns[:, 1], n_users=n_users, n_posts=n_posts)


@personal
def test_the_held_back_like_of_each_camp_comes_first(make: Callable[[Likes], Ranker]) -> None:
    camps = two_camps()
    exam = exam_of(camps.train, camps.held_back, camps.posts)
    assert per_user(make(exam.everyone), exam, (1,))["hr@1"].mean() == 1.0


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
    monkeypatch.setattr(baselines, "MAX_DENSE_POSTS", 2)
    with pytest.raises(TrainingRefused, match="got 3 posts, expected at most 2"):
        EASE(likes_of((0, 0)))
