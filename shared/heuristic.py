"""The heuristic formula: score = α · popularity + (1 − α) · recency, both terms in [0, 1].

Each function takes a number or a numpy array, and returns the same type: the nightly ranker and the timeline's
fallback share one definition, and the timeline does not need numpy.

Both terms are on one scale before they are blended: a raw count of likes added to a decay in [0, 1] would let a
single like outweigh any age.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np

    Numbers = TypeVar("Numbers", float, np.ndarray[Any, np.dtype[np.float64]])
else:
    Numbers = TypeVar("Numbers")

# The weight that counts as fully popular is this quantile of the posts that have any weight: with the maximum, one
# runaway post would flatten all others towards 0; the top hundredth shares the value 1 and is told apart by recency.
REFERENCE_QUANTILE = 0.99


def decay(age_hours: Numbers, half_life_hours: float) -> Numbers:
    """½ ^ (age / half-life), in (0, 1] for ages of 0 hours or more."""
    share: Numbers = 0.5 ** (age_hours / half_life_hours)
    return share


def recency(age_hours: Numbers, half_life_hours: float) -> Numbers:
    """How fresh a post is, in (0, 1]: 1 for a post created now, halved after each half-life."""
    return decay(age_hours, half_life_hours)


def popularity(weight: Numbers, reference: float, *, log1p: Callable[[Any], Any] = math.log1p) -> Numbers:
    """How popular a post is, in [0, 1]: log(1 + weight) / log(1 + reference), at most 1.

    Args:
        weight: decayed weight of the post's distinct users, 0 or more (the caller replaces negative sums by 0).
        reference: the weight that counts as fully popular, above 0.
        log1p: `math.log1p` for one number, `numpy.log1p` for an array.
    """
    share = log1p(weight) / math.log1p(reference)
    short = 1.0 - share
    capped: Numbers = 1.0 - (short + abs(short)) / 2.0  # min(share, 1), for one number and for an array alike
    return capped


def blend(popularity: Numbers, recency: Numbers, *, alpha: float) -> Numbers:
    """α · popularity + (1 − α) · recency, in [0, 1]."""
    return alpha * popularity + (1.0 - alpha) * recency
