import numpy as np
import pytest

from benchmarks.quality.sampled import SampledRanks, sampled_hit_rate, sampled_ndcg, sampled_reciprocal_rank, standing


def at(above: int, equal: int = 0) -> SampledRanks:
    return SampledRanks(np.array([above]), np.array([equal]))


def test_the_negatives_above_and_level_are_counted() -> None:
    scores = np.array([[0.5, 0.9, 0.5, 0.1]], dtype=np.float32)
    got = standing(scores, np.array([0]), np.array([[1, 2, 3]]))
    assert (got.above.tolist(), got.equal.tolist()) == ([1], [1])


def test_a_negative_that_is_the_relevant_post_is_dropped() -> None:
    got = standing(np.zeros((1, 3), np.float32), np.array([1]), np.array([[0, 1, 2]]))
    assert (got.above.tolist(), got.equal.tolist()) == ([0], [2])


def test_a_negative_that_stands_twice_counts_once() -> None:
    got = standing(np.array([[0.0, 1.0]], np.float32), np.array([0]), np.array([[1, 1, 1]]))
    assert got.above.tolist() == [1]


def test_a_posts_place_decides_the_hit() -> None:
    assert [float(sampled_hit_rate(at(above), 10)[0]) for above in (0, 9, 10)] == [1.0, 1.0, 0.0]


def test_ndcg_is_one_over_the_logarithm_of_the_place() -> None:
    got = [float(sampled_ndcg(at(above), 10)[0]) for above in (0, 1, 9, 10)]
    np.testing.assert_allclose(got, [1.0, 1 / np.log2(3), 1 / np.log2(11), 0.0])


def test_reciprocal_rank_is_one_over_the_place() -> None:
    np.testing.assert_allclose([sampled_reciprocal_rank(at(3), k)[0] for k in (3, 4)], [0.0, 0.25])


@pytest.mark.parametrize("k", [1, 10, 200])
def test_a_constant_scorer_gets_what_chance_gets(k: int) -> None:
    got = standing(np.ones((1, 100), np.float32), np.array([7]), np.delete(np.arange(100), 7)[None, :])
    discounts = 1 / np.log2(np.arange(2, 102))
    np.testing.assert_allclose(sampled_hit_rate(got, k), [min(k, 100) / 100])
    np.testing.assert_allclose(sampled_ndcg(got, k), [discounts[:k].sum() / 100])


def test_ties_below_a_better_post_share_the_places_after_it() -> None:
    np.testing.assert_allclose(sampled_hit_rate(at(1, 2), 2), [1 / 3])
    np.testing.assert_allclose(sampled_ndcg(at(1, 2), 2), [1 / np.log2(3) / 3])
