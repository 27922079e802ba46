"""Exact ranking metrics per user, and intervals over users.

All take `hits` (n_users, length): whether each post of a user's list, best first, is one that the user liked later;
and, where it matters, `n_relevant` (n_users,): how many such posts there are, at least 1. A list that is shorter than k
has False at its end: a missing post counts as a miss.
Definitions as in Herlocker et al. 2004 and Järvelin & Kekäläinen 2002 (binary gain, log₂ discount).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
PerUser = NDArray[np.float64]
KS = (5, 10, 20)  # reported list lengths
NAMES = tuple(f"{name}@{k}" for k in KS for name in ("hr", "ndcg", "recall", "precision", "mrr"))
BOOTSTRAPS = 2000  # resamples of the users; 50 of them lie beyond each end of a 95 % interval
DRAWS_AT_ONCE = 2**17  # users drawn for resamples at a time: 1 MB, for any number of users


def hit_rate(hits: Hits, k: int) -> PerUser:
    """1 if any of the first k is a hit, else 0. -> (n_users,)"""
    return np.asarray(_first(hits, k).any(axis=1), dtype=np.float64)


def precision(hits: Hits, k: int) -> PerUser:
    """Hits among the first k, over k, however short the list. -> (n_users,)"""
    counts: PerUser = _first(hits, k).sum(axis=1) / k
    return counts


def recall(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> PerUser:
    """Hits among the first k, over all relevant posts. -> (n_users,)"""
    found: PerUser = _first(hits, k).sum(axis=1) / _positive(n_relevant)
    return found


def reciprocal_rank(hits: Hits, k: int) -> PerUser:
    """1 / position of the first hit, counted from 1; 0 if none is among the first k. -> (n_users,)"""
    first = _first(hits, k)
    best: PerUser = (first / np.arange(1, first.shape[1] + 1)).max(axis=1, initial=0.0)
    return best


def ndcg(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> PerUser:
    """Discounted gain of the first k, over that of a list with all relevant posts first. -> (n_users,)"""
    first = _first(hits, k)
    gain = (first * discounts(k)[: first.shape[1]]).sum(axis=1)
    normalised: PerUser = gain / ideal_gains(n_relevant, k)
    return normalised


def discounts(k: int) -> PerUser:
    """What a hit at each of the first k positions is worth. -> (k,)"""
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)), dtype=np.float64)


def ideal_gains(n_relevant: NDArray[np.int64], k: int) -> PerUser:
    """The discounted gain of a list with all relevant posts first. -> (n_users,)"""
    ideal: PerUser = np.cumsum(discounts(k))[np.minimum(_positive(n_relevant), k) - 1]
    return ideal


def metrics_of(hits: Hits, n_relevant: NDArray[np.int64], ks: tuple[int, ...]) -> dict[str, PerUser]:
    """Every metric at every k of lists whose hits are known. (n_users, length), (n_users,) -> name to (n_users,)"""
    values: dict[str, PerUser] = {}
    for k in ks:
        values[f"hr@{k}"] = hit_rate(hits, k)
        values[f"ndcg@{k}"] = ndcg(hits, n_relevant, k)
        values[f"recall@{k}"] = recall(hits, n_relevant, k)
        values[f"precision@{k}"] = precision(hits, k)
        values[f"mrr@{k}"] = reciprocal_rank(hits, k)
    return values


def mean_per_user(users: NDArray[np.int64], values: PerUser) -> tuple[NDArray[np.int64], PerUser]:
    """The users, ascending, and the mean of each one's rows. (n_rows,), (n_rows, …) -> (n_users,), (n_users, …)"""
    keys, group_of_row, counts = np.unique(users, return_inverse=True, return_counts=True)
    sums = np.zeros((len(keys), *values.shape[1:]))
    np.add.at(sums, group_of_row, values)
    return keys, sums / counts.reshape(-1, *[1] * (values.ndim - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over users and the interval that holds 95 % of its bootstrap resamples."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def interval(values: PerUser, generator: np.random.Generator) -> Interval:
    """The mean of per-user values with its percentile bootstrap (Efron 1979) over users.

    Raises:
        ValueError: there is no user.
    """
    if len(values) == 0:
        raise ValueError("interval: got no users, expected at least one")
    means = np.empty(BOOTSTRAPS)
    at_once = max(1, DRAWS_AT_ONCE // len(values))  # resamples
    for start in range(0, BOOTSTRAPS, at_once):
        part = means[start : start + at_once]
        part[:] = values[generator.integers(0, len(values), (len(part), len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))


def paired_difference(ours: PerUser, other: PerUser, generator: np.random.Generator) -> Interval:
    """By how much ours is better, user by user: the interval is narrower than that of two separate means.

    Raises:
        ValueError: the columns are of different users.
    """
    if ours.shape != other.shape:
        raise ValueError(f"paired difference: got {ours.shape} and {other.shape}, expected the same users")
    return interval(ours - other, generator)


def _first(hits: Hits, k: int) -> Hits:
    if k < 1:
        raise ValueError(f"k: got {k}, expected at least 1")
    return hits[:, :k]


def _positive(n_relevant: NDArray[np.int64]) -> NDArray[np.int64]:
    if np.any(n_relevant < 1):
        raise ValueError("n_relevant: got a user with nothing to find, expected at least 1; leave such users out")
    return n_relevant
