"""What lists come to besides hits: three users and four posts, with the answers on paper."""

import math

import numpy as np
import pytest

from s02_train_neucf.evaluation.all_posts import ListFigures
from s02_train_neucf.evaluation.evaluate import evaluation_task_of
from tests.neucf_worlds import examples_from, posts_of, vectors

POSTS = posts_of([10, 20, 30, 40], authors=[7, 7, 8, 8])
# Users 1 and 2 like two posts each in training, user 3 only one; nobody has touched 40.
TRAIN = examples_from([(1, 10), (1, 20), (2, 10), (2, 30), (3, 10)])
TEST = examples_from([(1, 30), (2, 40), (3, 20), (3, 40)])
LISTS = np.full((3, 20), -1)
LISTS[:, :2] = [[2, 3], [1, 3], [3, 2]]  # indices of posts: user 1 finds 30, user 2 finds 40 second, user 3 finds 40
HITS = np.zeros((3, 20), dtype=np.bool_)
HITS[0, 0] = HITS[1, 1] = HITS[2, 0] = True


def looked(*, cold_below: int = 2) -> ListFigures:
    photos = vectors(np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.float32), 0, 1, 2, 3)
    list_figures = ListFigures(
        task=evaluation_task_of(TRAIN, TEST, POSTS), cold_below=cold_below, photos=photos, seed=0
    )
    list_figures.add("ours", LISTS, HITS)
    return list_figures


def test_spread_is_that_of_the_users_who_are_served() -> None:
    found = looked().spread["ours"]
    assert found["coverage@20"] == pytest.approx(3 / 4)  # posts 20, 30 and 40 in the lists of users 1 and 2
    assert found["author_gini@20"] == pytest.approx(1 / 4)  # author 7 once, author 8 three times
    assert found["photo_diversity@20"] == pytest.approx((1.0 + 0.0) / 2)
    assert found["novelty@20"] == pytest.approx(math.log2(3))  # each post in them counts as liked by one of three


def test_cold_users_and_quarters_of_the_others_have_figures_of_their_own() -> None:
    groups = looked().slices["ours"]
    assert groups["cold users (below 2 likes)"]["recall@20"].mean == pytest.approx(1 / 2)
    assert groups["quarter 1 (2 to 2 likes)"]["recall@20"].mean == pytest.approx(1.0)


def test_users_with_nothing_to_find_and_posts_that_are_not_ranked_count_for_nothing() -> None:
    some = evaluation_task_of(TRAIN, TEST, POSTS).among(np.array([True, True, True, False]))  # user 2 has nothing left
    list_figures = ListFigures(task=some, cold_below=2, photos=None, seed=0)
    list_figures.add("ours", np.where(LISTS == 3, -1, LISTS), HITS)
    assert list_figures.slices["ours"]["quarter 1 (2 to 2 likes)"]["recall@20"].mean == pytest.approx(1.0)  # user 1's
    assert list_figures.spread["ours"]["coverage@20"] == pytest.approx(2 / 3)  # 20 and 30 of three
    assert list_figures.spread["ours"]["author_gini@20"] == pytest.approx(0.0)  # one place for each author


def test_without_photos_nothing_is_said_of_them() -> None:
    list_figures = ListFigures(task=evaluation_task_of(TRAIN, TEST, POSTS), cold_below=2, photos=None, seed=0)
    list_figures.add("ours", LISTS, HITS)
    assert "photo_diversity@20" not in list_figures.spread["ours"]
