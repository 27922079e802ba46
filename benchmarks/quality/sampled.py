"""The sampled protocol of the NCF paper: one relevant post among a few given others, under its own name.

Its figures are never compared with those of ranking all posts: they are higher, and may order systems differently
(Krichene and Rendle, KDD 2020).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import PerUser

PROTOCOL = "ncf_sampled"

Int64s = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SampledRanks:
    """For each question, how many negatives score above the relevant post, and how many score the same."""

    above: Int64s  # (n_questions,)
    equal: Int64s  # (n_questions,)


def standing(scores: Scores, relevant: Int64s, negatives: Int64s) -> SampledRanks:
    """Compare each relevant post with its own negatives.

    Args:
        scores: (n_questions, n_posts), the question's user with every post.
        relevant: (n_questions,) places of posts.
        negatives: (n_questions, n_negatives) places of posts. One that is the relevant post itself is dropped (in
            156 rows of the published ML-1M file it is), and so is one that stands in its row again.
    """
    rows = np.arange(len(relevant))
    ordered = np.sort(negatives, axis=1)
    repeated = np.zeros(ordered.shape, dtype=np.bool_)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    counted = ~repeated & (ordered != relevant[:, None])
    negative_scores, own = scores[rows[:, None], ordered], scores[rows, relevant][:, None]
    return SampledRanks(
        ((negative_scores > own) & counted).sum(axis=1), ((negative_scores == own) & counted).sum(axis=1)
    )


def sampled_hit_rate(at: SampledRanks, k: int) -> PerUser:
    """The probability that the relevant post is among the first k, with ties in random order.

    It is computed exactly, not drawn: a constant scorer gets the result of chance.
    """
    return np.asarray(np.clip((k - at.above) / (at.equal + 1), 0.0, 1.0), dtype=np.float64)


def sampled_ndcg(at: SampledRanks, k: int) -> PerUser:
    """The expected 1 / log₂(place + 1) within the first k (He et al. 2017), equal scores being ordered at random."""
    discounts = np.cumsum(np.r_[0.0, 1.0 / np.log2(np.arange(2, k + 2))])  # (k + 1,) of the first 0…k places
    return _mean_over_ties(discounts, at, k)


def sampled_reciprocal_rank(at: SampledRanks, k: int) -> PerUser:
    """The expected 1 / place within the first k, equal scores being ordered at random."""
    return _mean_over_ties(np.cumsum(np.r_[0.0, 1.0 / np.arange(1, k + 1)]), at, k)


def _mean_over_ties(sums: NDArray[np.float64], at: SampledRanks, k: int) -> PerUser:
    """The mean gain of the places that a post may take, from running sums over the first places."""
    first, last = np.minimum(at.above, k), np.minimum(at.above + at.equal + 1, k)
    return np.asarray((sums[last] - sums[first]) / (at.equal + 1), dtype=np.float64)
