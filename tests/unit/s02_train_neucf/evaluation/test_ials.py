import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import ials
from s02_train_neucf.evaluation.ials import IALS
from shared.errors import TrainingRefused

ROWS = np.array([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3)], dtype=np.int64)
LIKES = LikeMatrix.of(ROWS[:, 0], ROWS[:, 1], n_users=4, n_posts=4)


def test_the_users_factors_solve_their_own_equation() -> None:
    weight, l2 = 5.0, 0.3
    model = IALS(LIKES, factors=2, weight=weight, l2=l2, iterations=200, seed=1)
    liked, posts = LIKES.mask(slice(0, 4)), model.posts.astype(float)
    user = 1  # (Yᵀ C Y + λI) x = Yᵀ C p, Hu et al. 2008, equation 4
    confidence = np.where(liked[user], weight, 1.0)
    left = posts.T @ (confidence[:, None] * posts) + l2 * np.eye(2)
    expected = np.linalg.solve(left, posts.T @ (confidence * liked[user]))
    np.testing.assert_allclose(model.users[user], expected, rtol=1e-3)


def test_a_user_without_likes_gets_zero_for_everything() -> None:
    more = LikeMatrix.of(ROWS[:, 0], ROWS[:, 1], n_users=5, n_posts=4)
    assert not IALS(more, factors=2, seed=1).scores(slice(4, 5)).any()


def test_a_history_that_was_learnt_from_gets_its_users_factors() -> None:
    model = IALS(LIKES, factors=2, weight=5.0, l2=0.3, iterations=200, seed=1)
    np.testing.assert_allclose(
        model.answering(LIKES.to_csr()).scores(slice(0, 4)), model.scores(slice(0, 4)), atol=1e-3
    )


def test_a_like_that_weighs_more_says_more() -> None:
    """Two camps with one post in both; someone new liked one post of each camp."""
    rows = [
        (user, post) for user in range(20) for post in range(4 * (user % 2), 4 * (user % 2) + 4) if post != user // 2
    ]
    columns = np.array(rows)
    model = IALS(LikeMatrix.of(columns[:, 0], columns[:, 1], n_users=20, n_posts=8), factors=2, l2=0.1, seed=1)
    histories = sparse.csr_array(np.array([[1.0, 0, 0, 0, 0.1, 0, 0, 0], [0.1, 0, 0, 0, 1.0, 0, 0, 0], np.zeros(8)]))
    first, second, nobody = model.answering(histories).scores(slice(0, 3))
    assert first[1:4].min() > first[5:8].max()
    assert second[5:8].min() > second[1:4].max()
    assert not nobody.any()


def test_another_seed_starts_elsewhere() -> None:
    one, other = (IALS(LIKES, factors=2, iterations=1, seed=seed).posts for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_the_threads_of_blas_are_given_back() -> None:
    before = [each["num_threads"] for each in threadpool_info()]
    IALS(LIKES, factors=2, seed=1)
    assert [each["num_threads"] for each in threadpool_info()] == before


@pytest.mark.parametrize(("variable", "threads"), [("2", 2), ("", 0), ("all", 0)])
def test_no_more_threads_than_the_process_may_use(monkeypatch: pytest.MonkeyPatch, variable: str, threads: int) -> None:
    monkeypatch.setenv(ials.THREADS_VARIABLE, variable)
    assert ials._threads() == threads


def test_a_package_that_cannot_be_loaded_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "implicit.cpu.als", None)
    with pytest.raises(TrainingRefused, match="libgomp1"):
        IALS(LIKES, seed=1)
