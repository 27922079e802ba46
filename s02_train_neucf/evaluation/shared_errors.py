"""The interval of a mean difference between two rankers whose errors are shared by users. Pure.

Users are not independent judges: a post that a ranker misjudges, it misjudges for everybody who might like it. So the
variance is that of clusters in two ways, by user and by post (Cameron, Gelbach and Miller 2011). A few users who lose
much, or a few posts that decide, make a normal interval too short on one side, so its length comes from the
studentised bootstrap (Efron 1979; Hall 1988) over users or over posts, whichever is longer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s02_train_neucf.evaluation.metrics import DRAWS_AT_ONCE, Interval
from shared.event_columns import Floats, Int64s

RESAMPLES = 4_000  # of which ten lie beyond the end of an interval with a risk of 0.25 %
ROUNDING = 1e-12  # a smaller standard error is none: all differences are equal
FARTHEST = 1.0  # figures lie between 0 and 1, and so does the size of their difference


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairDifferences:
    """By how much more one ranker's figure gains from each liked post than another's; one row per user and post."""

    users: Int64s  # (n_pairs,) from 0, each at least once
    posts: Int64s  # (n_pairs,) from 0
    shares: Floats  # (n_pairs,) the post's part of what its user was asked; 1 in total for each user
    differences: Floats  # (n_pairs,) the sum over a user's posts is the user's difference


def interval_of(pairs: PairDifferences, *, risk: float, generator: np.random.Generator) -> Interval:
    """The mean difference over users, and an interval that misses the true one with `risk` on either side.

    Where the data allow no bound, it reaches to the farthest possible difference.

    Raises:
        ValueError: there are fewer than two users.
    """
    mean, excess = _mean_and_excess(pairs)
    error = standard_error(pairs)
    longest = [
        tails(_sums(clusters, excess), risk=risk, generator=generator) for clusters in (pairs.users, pairs.posts)
    ]
    below, above = (max(float(stats.norm.isf(risk)), *sides) for sides in zip(*longest, strict=True))
    low, high = (mean - below * error, mean + above * error) if error > ROUNDING else (mean, mean)
    return Interval(mean=mean, low=max(low, -FARTHEST), high=min(high, FARTHEST))


def standard_error(pairs: PairDifferences) -> float:
    """Of the mean over users, clustered by user and by post; no less than that of users alone.

    Raises:
        ValueError: there are fewer than two users.
    """
    _, excess = _mean_and_excess(pairs)
    by_user, by_post = _sums(pairs.users, excess), _sums(pairs.posts, excess)
    of_users = float(by_user @ by_user)
    return float(np.sqrt(max(of_users, of_users + float(by_post @ by_post) - float(excess @ excess))))


def _mean_and_excess(pairs: PairDifferences) -> tuple[float, Floats]:
    """The mean over users, and each pair's part of the sum of deviations from it. -> (n_pairs,)"""
    n_users = int(pairs.users.max(initial=-1)) + 1
    if n_users < 2:
        raise ValueError(f"interval: got {n_users} users, expected at least two")
    mean = float(pairs.differences.sum()) / n_users
    return mean, (pairs.differences - mean * pairs.shares) / n_users


def _sums(clusters: Int64s, values: Floats) -> Floats:
    """(n_pairs,), (n_pairs,) -> (n_clusters,)"""
    return np.asarray(np.bincount(clusters, values), dtype=np.float64)


def tails(sums: Floats, *, risk: float, generator: np.random.Generator) -> tuple[float, float]:
    """How many standard errors the interval reaches down and up, by resampling these clusters.

    Infinite where so many resamples hold nothing but equal clusters that nothing can be said.
    """
    centred = sums - sums.mean()
    studentised = np.empty(RESAMPLES)
    at_once = max(1, DRAWS_AT_ONCE // len(sums))
    for start in range(0, RESAMPLES, at_once):
        part = studentised[start : start + at_once]
        drawn = centred[generator.integers(0, len(sums), (len(part), len(sums)))]
        part[:] = _studentised(drawn)
    low, high = np.quantile(studentised, [risk, 1.0 - risk], method="inverted_cdf")
    return float(high), float(-low)


def _studentised(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_resamples, n_clusters) -> (n_resamples,)"""
    total = drawn.sum(axis=1)
    error = np.sqrt(((drawn - drawn.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total == 0.0, 0.0, total / error)
