"""One suite for every baseline: what the report relies on with any ranker."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.quality.strangers import PopularForColdUsers
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.evaluate import EvaluationTask, evaluation_task_of, metrics_per_user
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import EASE, ItemKNN, Popularity, Random, SparseItemKNN
from tests.neucf_worlds import camp_photos, posts_of, two_camps

Make = Callable[[LikeMatrix], Ranker]


def photos(likes: LikeMatrix) -> Ranker:
    image = camp_photos(posts_of([*range(12), *range(50, 62)]), {}).image
    assert image is not None
    return ContentKNN(likes, image)


PERSONAL: dict[str, Make] = {
    "item-kNN": ItemKNN,
    "sparse item-kNN": SparseItemKNN,
    "EASE": lambda likes: EASE(likes, l2=1.0),
    "iALS": lambda likes: IALS(likes, factors=4, weight=5.0, l2=1.0, seed=1),
    "iALS of histories": lambda likes: IALS(likes, factors=4, weight=5.0, l2=1.0, seed=1).answering(likes.to_csr()),
    "content-kNN": photos,
    "with popularity for strangers": lambda likes: PopularForColdUsers(EASE(likes, l2=1.0), likes),
}
EVERY: dict[str, Make] = {
    **PERSONAL,
    "popularity": Popularity,
    "chance": lambda likes: Random(likes, seed=1),
}

every = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY.keys())
personal = pytest.mark.parametrize("make", PERSONAL.values(), ids=PERSONAL.keys())


@pytest.fixture(scope="module")
def task() -> EvaluationTask:
    camps = two_camps()
    return evaluation_task_of(camps.train, camps.held_back, camps.posts)


@personal
def test_the_held_back_like_of_each_camp_comes_first(make: Make, task: EvaluationTask) -> None:
    assert metrics_per_user(make(task.train_likes), task, (1,))["hr@1"].mean() == 1.0


@every
def test_a_score_is_finite_for_every_user_and_post(make: Make, task: EvaluationTask) -> None:
    scores = make(task.train_likes).scores(slice(0, task.train_likes.n_users))
    assert scores.shape == (task.train_likes.n_users, task.train_likes.n_posts)
    assert np.isfinite(scores).all()


@every
def test_scores_are_float32_as_the_exact_order_needs(make: Make, task: EvaluationTask) -> None:
    assert make(task.train_likes).scores(slice(0, 2)).dtype == np.float32


@every
def test_a_block_of_users_is_the_same_as_one_by_one(make: Make, task: EvaluationTask) -> None:
    ranker = make(task.train_likes)
    singles = np.concatenate([ranker.scores(slice(user, user + 1)) for user in range(3, 8)])
    np.testing.assert_allclose(ranker.scores(slice(3, 8)), singles, rtol=1e-5, atol=1e-6)


@every
def test_the_same_likes_give_the_same_scores(make: Make, task: EvaluationTask) -> None:
    block = slice(0, task.train_likes.n_users)
    np.testing.assert_array_equal(make(task.train_likes).scores(block), make(task.train_likes).scores(block))


@every
def test_a_user_without_likes_and_a_post_that_nobody_likes_are_served(make: Make) -> None:
    columns = np.array([(user, post) for user in (0, 2) for post in range(20)], dtype=np.int64)
    likes = LikeMatrix.of(columns[:, 0], columns[:, 1], n_users=4, n_posts=24)
    assert np.isfinite(make(likes).scores(slice(0, 4))).all()
