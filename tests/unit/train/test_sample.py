import numpy as np

from s02_train_neucf.dataset import Likes
from s02_train_neucf.sample import sample_negatives

N_POSTS = 8  # rows 1 to 8


def draw(
    liked: list[tuple[int, int]], users: list[int], *, at: float = 99.0, n: int = 50, seed: int = 0
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    columns = np.array(liked, dtype=np.int64).reshape(-1, 2)
    likes = Likes.of(columns[:, 0], columns[:, 1], n_users=4, n_posts=N_POSTS + 1)
    created_at = np.r_[-np.inf, np.arange(N_POSTS, dtype=np.float64)[::-1]]  # row 8 is the oldest, of time 0
    drawn = sample_negatives(
        np.array(users), np.full(len(users), at), likes, created_at, n, np.random.default_rng(seed)
    )
    return drawn.reshape(len(users), n)


def test_what_a_user_likes_is_never_drawn_for_them() -> None:
    drawn = draw([(1, 2), (1, 5), (2, 7)], [1, 2])
    assert set(drawn[0].tolist()) == {1, 3, 4, 6, 7, 8}


def test_what_others_like_may_be_drawn() -> None:
    assert {2, 5} <= set(draw([(1, 2), (1, 5)], [2])[0].tolist())


def test_a_post_that_came_later_is_not_drawn() -> None:
    assert set(draw([], [1], at=2.0)[0].tolist()) == {6, 7, 8}


def test_the_unknown_row_is_not_drawn_while_posts_are_left() -> None:
    assert 0 not in draw([(1, 2)], [1])


def test_the_one_post_that_is_left_is_found() -> None:
    assert set(draw([(1, post) for post in range(1, 8)], [1])[0].tolist()) == {8}


def test_someone_who_likes_everything_gets_row_0() -> None:
    assert set(draw([(1, post) for post in range(1, 9)], [1], n=3)[0].tolist()) == {0}


def test_before_the_first_post_there_is_only_row_0() -> None:
    assert set(draw([], [1], at=-1.0, n=3)[0].tolist()) == {0}


def test_one_seed_gives_one_draw() -> None:
    assert draw([], [1, 2], seed=5).tolist() == draw([], [1, 2], seed=5).tolist()


def test_another_seed_gives_another_draw() -> None:
    assert draw([], [1, 2], seed=5).tolist() != draw([], [1, 2], seed=6).tolist()


def test_posts_are_drawn_evenly() -> None:
    counts = np.bincount(draw([], [1], n=8000)[0], minlength=9)[1:]
    assert (abs(counts - 1000) < 150).all()  # five standard deviations of a binomial
