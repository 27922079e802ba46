import numpy as np

from benchmarks.quality.data import lined_up
from benchmarks.quality.movielens import cuts_of
from demo.movielens import Ratings

# Users 1 and 2 rate early, user 3 late; every fifth rating is no like.
RATINGS = Ratings(
    user=np.repeat([1, 2, 3], [10, 10, 5]),
    film=np.r_[0:10, 0:10, 0:5],
    stars=np.tile([5.0, 4.0, 4.0, 5.0, 3.0], 5),
    seconds=np.arange(25) * 60,
    films={},
)


def test_only_likes_are_learned_from_and_asked_for() -> None:
    per_user, *_ = (lined_up(columns) for columns in cuts_of(RATINGS))
    assert len(per_user.train) + len(per_user.test_likes.posts) == 20


def test_a_film_that_nobody_likes_is_ranked_too() -> None:
    per_user, *_ = (lined_up(columns) for columns in cuts_of(RATINGS))
    assert len(per_user.posts.id_hashes) == 10


def test_the_per_user_cut_asks_everybody_for_the_last_likes() -> None:
    per_user, *_ = (lined_up(columns) for columns in cuts_of(RATINGS))
    assert per_user.user_id_hashes[: per_user.n_asked].tolist() == [1, 2, 3]
    assert per_user.test_likes.posts[0] == 8


def test_the_global_cut_asks_those_who_came_late() -> None:
    _, by_time, _ = (lined_up(columns) for columns in cuts_of(RATINGS))
    assert by_time.user_id_hashes[: by_time.n_asked].tolist() == [3]
    assert by_time.notes == ("1 of the 1 users asked have nothing in train",)
