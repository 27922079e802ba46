"""The cold row on three users and five posts, with the answers on paper."""

import numpy as np
import pytest

from s02_train_neucf.evaluation import cold_posts
from s02_train_neucf.evaluation.cold_posts import LIKES_ALONE, ColdPosts
from s02_train_neucf.evaluation.evaluate import ColdRow, evaluation_task_of
from s02_train_neucf.evaluation.ranker import Scores
from tests.neucf_worlds import examples_from, posts_of

# Posts 30, 40 and 50 have no like in training. User 1 has two likes there, the others one; user 2 likes no cold post.
POSTS = posts_of([10, 20, 30, 40, 50], authors=[7, 7, 1, 8, 8])
TRAIN = examples_from([(1, 10), (1, 20), (2, 10), (3, 10)])
TEST = examples_from([(1, 50), (2, 20), (3, 40)])
COLD = np.array([False, False, True, True, True])


class Newest:
    """Ranks the posts of the highest index first, which are the cold ones."""

    def scores(self, users: slice) -> Scores:
        return np.tile(np.arange(5, dtype=np.float32), (users.stop - users.start, 1))


def row(*, says_nothing: dict[str, str] | None = None, min_known: int = 2) -> ColdRow | None:
    task = evaluation_task_of(TRAIN, TEST, POSTS).among(COLD)
    cold = ColdPosts(task=task, min_known=min_known, says_nothing=says_nothing or {}, seed=0)
    cold.add("newest", Newest())
    return cold.row()


def test_users_with_a_taste_are_asked_for_the_cold_posts_that_they_liked_later() -> None:
    taste, all_of_them = row(), row(min_known=1)
    assert taste is not None
    assert all_of_them is not None
    assert (taste.n_users, taste.n_posts, all_of_them.n_users) == (1, 3, 2)
    assert taste.figures["newest"].mean == 1.0


def test_chance_is_that_of_a_random_order_of_what_may_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_posts, "K", 1)
    found = row()
    assert found is not None
    assert found.by_chance == pytest.approx(1 / 2)  # user 1 wrote one of the three


def test_a_system_that_knows_nothing_of_them_has_a_reason_and_no_figure() -> None:
    found = row(says_nothing={"newest": LIKES_ALONE})
    assert found is not None
    assert (found.figures, found.says_nothing) == ({}, {"newest": LIKES_ALONE})


def test_without_anybody_to_ask_there_is_no_row() -> None:
    assert row(min_known=3) is None
