"""How often the gate's rule is right, beside the bootstrap over users alone that it replaces."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.judge import worlds
from benchmarks.judge.worlds import Noise
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval
from s02_train_neucf.evaluation.shared_errors import PairDifferences, interval_of, standard_error
from s02_train_neucf.gate.cuts import NIGHTLY_RISK

NOMINAL = 0.025  # the chance on one side of a 95 % interval
LEAST_NOISE = 0.3  # of a better ranker, when a gain is looked for
STEPS = 12  # of the search for it

Decide = Callable[[PairDifferences, np.random.Generator], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of so many decisions came out one way."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of

    def __add__(self, came_out: bool) -> "Share":
        return Share(count=self.count + came_out, of=self.of + 1)


NONE = Share(count=0, of=0)


def over_users(pairs: PairDifferences, generator: np.random.Generator) -> Interval:
    """The percentile bootstrap over users, as the gate used it before."""
    return metrics.interval(worlds.of_each_user(pairs), generator)


def passed_before(pairs: PairDifferences, generator: np.random.Generator) -> bool:
    """The gate's rule before: the 95 % interval over users is above zero."""
    return over_users(pairs, generator).low > 0


def passes(pairs: PairDifferences, generator: np.random.Generator) -> bool:
    """The gate's rule; without resampling where even a normal interval, which is never longer, is not above zero."""
    normal = pairs.differences.sum() / (pairs.users.max() + 1) - stats.norm.isf(NIGHTLY_RISK) * standard_error(pairs)
    return normal > 0 and interval_of(pairs, risk=NIGHTLY_RISK, generator=generator).low > 0


RULES: dict[str, Decide] = {"before": passed_before, "now": passes}


def false_promotions(noise: Noise, *, n_users: int, decisions: int, seed: int) -> dict[str, Share]:
    """How often each rule promotes one of two equally good rankers, in one night."""
    return _promotions(
        lambda generator: worlds.decision(noise, generator, n_users=n_users), decisions=decisions, seed=seed
    )


def false_promotions_of_the_skewed(*, n_users: int, decisions: int, seed: int) -> dict[str, Share]:
    """The same where most users gain a little, a few lose much, and the mean is 0."""
    return _promotions(lambda generator: worlds.skewed(generator, n_users=n_users), decisions=decisions, seed=seed)


def worlds_with_a_promotion(
    noise: Noise, *, gain: float = 0.0, n_users: int, n_nights: int, n_worlds: int, seed: int
) -> dict[str, Share]:
    """In how many worlds each rule promotes, in one of the nights, a ranker that is better by this share."""
    found = dict.fromkeys(RULES, NONE)
    ours = noise_of_gain(noise, gain, seed=seed) if gain else worlds.NOISE
    generator = np.random.default_rng(seed)
    for _ in range(n_worlds):
        seen = worlds.nights(noise, generator, n_users=n_users, n_nights=n_nights, ours=ours)
        for name, decide in RULES.items():
            found[name] += any(decide(pairs, generator) for pairs in seen)
    return found


def power(noise: Noise, gain: float, *, n_users: int, decisions: int, seed: int) -> dict[str, Share]:
    """How often each rule promotes, in one night, a ranker whose NDCG@10 is better by this share."""
    ours = noise_of_gain(noise, gain, seed=seed)
    return _promotions(
        lambda generator: worlds.decision(noise, generator, n_users=n_users, ours=ours), decisions=decisions, seed=seed
    )


def noise_of_gain(noise: Noise, gain: float, *, seed: int) -> float:
    """How much a ranker errs whose NDCG@10 is by this share better than that of one with NOISE."""
    scales, figures = _figures_of_noise(noise, seed)
    return float(np.interp(figures[-1] * (1 + gain), figures[::-1], scales[::-1]))


@cache
def _figures_of_noise(noise: Noise, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much a ranker errs, ascending, and its NDCG@10. -> (STEPS,), (STEPS,)"""
    scales = np.linspace(LEAST_NOISE, worlds.NOISE, STEPS)
    return scales, np.array([worlds.mean_figure(noise, scale, np.random.default_rng(seed)) for scale in scales])


def coverage(world: Callable[[np.random.Generator], PairDifferences], *, intervals: int, seed: int) -> dict[str, Share]:
    """How many 95 % intervals hold the true mean, 0."""
    found, generator = dict.fromkeys(RULES, NONE), np.random.default_rng(seed)
    for _ in range(intervals):
        pairs = world(generator)
        for name, made in (
            ("before", over_users(pairs, generator)),
            ("now", interval_of(pairs, risk=NOMINAL, generator=generator)),
        ):
            found[name] += made.low <= 0 <= made.high
    return found


def _promotions(
    world: Callable[[np.random.Generator], PairDifferences], *, decisions: int, seed: int
) -> dict[str, Share]:
    found, generator = dict.fromkeys(RULES, NONE), np.random.default_rng(seed)
    for _ in range(decisions):
        pairs = world(generator)
        for name, decide in RULES.items():
            found[name] += decide(pairs, generator)
    return found
