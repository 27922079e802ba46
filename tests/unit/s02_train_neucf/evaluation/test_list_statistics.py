import numpy as np
import pytest

from s02_train_neucf.evaluation.list_statistics import author_gini, coverage, novelty, photo_diversity
from tests.neucf_worlds import vectors

LISTS = np.array([[0, 1, 2], [0, 1, -1]])


def test_coverage_is_the_share_of_posts_in_anybodys_list() -> None:
    assert (coverage(LISTS, 3, n_posts=6), coverage(LISTS, 1, n_posts=6)) == (0.5, 1 / 6)


def test_empty_lists_cover_nothing() -> None:
    assert coverage(np.full((2, 3), -1), 3, n_posts=6) == 0.0


def test_authors_shown_equally_often_have_a_gini_of_0() -> None:
    assert author_gini(np.array([[0, 1], [2, 3]]), 2, np.array([7, 7, 9, 9])) == 0.0


def test_one_author_of_four_who_has_all_gives_three_quarters() -> None:
    assert author_gini(np.array([[0, 0]]), 2, np.array([1, 2, 3, 4])) == pytest.approx(0.75)


def test_the_gini_is_that_of_the_textbook() -> None:
    lists = np.array([[0, 1, 1, 2, 2, 2]])  # shown 1, 2 and 3 times: Σᵢⱼ|xᵢ − xⱼ| / (2 n² mean) = 8 / 36
    assert author_gini(lists, 6, np.array([1, 2, 3])) == pytest.approx(8 / 36)


def test_nothing_shown_is_not_uneven() -> None:
    assert author_gini(np.full((1, 3), -1), 3, np.array([1, 2])) == 0.0


def test_novelty_is_the_mean_of_minus_log2_of_the_share_of_users() -> None:
    got = novelty(LISTS, 3, np.array([4, 2, 1]), n_users=4)
    assert got.tolist() == [(0 + 1 + 2) / 3, (0 + 1) / 2]


def test_a_post_that_nobody_likes_is_as_novel_as_one_that_one_user_likes() -> None:
    assert novelty(np.array([[0]]), 1, np.array([0]), n_users=8).tolist() == [3.0]


def test_an_empty_list_has_no_novelty() -> None:
    assert novelty(np.array([[-1]]), 1, np.array([5]), n_users=8).tolist() == [0.0]


PHOTOS = np.array([[3, 0], [0, 1], [-2, 0], [np.nan, np.nan]], dtype=np.float32)


def test_diversity_is_the_mean_cosine_distance_of_two_photos() -> None:
    got = photo_diversity(np.array([[0, 1, 2]]), 3, vectors(PHOTOS, 0, 1, 2))  # distances 1, 2 and 1
    np.testing.assert_allclose(got, [4 / 3])


def test_equal_photos_have_no_diversity() -> None:
    np.testing.assert_allclose(photo_diversity(np.array([[0, 0]]), 2, vectors(PHOTOS, 0)), [0.0], atol=1e-12)


def test_posts_without_a_photo_are_left_out() -> None:
    got = photo_diversity(np.array([[0, 3, 1], [0, 3, -1]]), 3, vectors(PHOTOS, 0, 1, 2))
    np.testing.assert_allclose(got, [1.0, 0.0], atol=1e-12)
