import numpy as np
import pytest

from s02_train_neucf.evaluation.metrics import (
    hit_rate,
    interval,
    ndcg,
    paired_difference,
    precision,
    recall,
    reciprocal_rank,
)

# Two users: hits at positions 2 and 4 of five; no hit at all.
HITS = np.array([[False, True, False, True, False], [False] * 5])
N_RELEVANT = np.array([3, 1])


def test_hit_rate_asks_for_any_hit() -> None:
    assert (hit_rate(HITS, 1).tolist(), hit_rate(HITS, 2).tolist()) == ([0.0, 0.0], [1.0, 0.0])


def test_precision_divides_by_k() -> None:
    assert precision(HITS, 4).tolist() == [0.5, 0.0]


def test_precision_counts_places_that_a_short_list_leaves_empty() -> None:
    assert precision(np.array([[True]]), 10).tolist() == [0.1]


def test_recall_divides_by_all_there_was_to_find() -> None:
    assert recall(HITS, N_RELEVANT, 5).tolist() == [2 / 3, 0.0]


def test_reciprocal_rank_is_one_over_the_first_hits_place() -> None:
    assert reciprocal_rank(HITS, 5).tolist() == [0.5, 0.0]


def test_reciprocal_rank_is_zero_when_the_first_hit_comes_after_k() -> None:
    assert reciprocal_rank(HITS, 1).tolist() == [0.0, 0.0]


def test_ndcg_discounts_by_place() -> None:
    ideal = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    expected = (1 / np.log2(3) + 1 / np.log2(5)) / ideal
    np.testing.assert_allclose(ndcg(HITS, N_RELEVANT, 5), [expected, 0.0])


def test_a_perfect_list_has_ndcg_1_however_many_there_are_to_find() -> None:
    assert ndcg(np.ones((1, 3), np.bool_), np.array([50]), 3).tolist() == [1.0]


def test_ndcg_of_a_list_shorter_than_k_is_against_all_there_was_to_find() -> None:
    np.testing.assert_allclose(ndcg(np.array([[True]]), np.array([2]), 10), [1 / (1 + 1 / np.log2(3))])


def test_an_empty_list_scores_zero_everywhere() -> None:
    nothing = np.zeros((1, 0), np.bool_)
    one = np.array([1])
    figures = [hit_rate(nothing, 5), precision(nothing, 5), recall(nothing, one, 5), reciprocal_rank(nothing, 5)]
    assert [figure.tolist() for figure in [*figures, ndcg(nothing, one, 5)]] == [[0.0]] * 5


def test_a_user_with_nothing_to_find_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to find"):
        recall(HITS, np.array([3, 0]), 5)


def test_k_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        hit_rate(HITS, 0)


def test_an_interval_holds_the_mean_and_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    got = interval(values, np.random.default_rng(2))
    half = 1.96 * values.std() / np.sqrt(400)
    np.testing.assert_allclose(
        [got.low, got.mean, got.high], [values.mean() - half, values.mean(), values.mean() + half], atol=0.03
    )


def test_an_interval_of_equal_values_is_a_point() -> None:
    got = interval(np.full(9, 0.5), np.random.default_rng(0))
    assert (got.low, got.mean, got.high) == (0.5, 0.5, 0.5)


def test_an_interval_without_users_is_refused() -> None:
    with pytest.raises(ValueError, match="no users"):
        interval(np.zeros(0), np.random.default_rng(0))


def test_a_small_steady_gain_shows_in_pairs_where_separate_intervals_overlap() -> None:
    theirs = np.random.default_rng(3).normal(0.0, 5.0, 200)
    ours = theirs + 0.1 + np.random.default_rng(4).normal(0.0, 0.1, 200)
    chance = np.random.default_rng(5)
    assert paired_difference(ours, theirs, chance).low > 0
    assert interval(ours, chance).low < interval(theirs, chance).high


def test_pairs_of_different_users_are_refused() -> None:
    with pytest.raises(ValueError, match="same users"):
        paired_difference(np.zeros(3), np.zeros(4), np.random.default_rng(0))
