"""Figures of some users, and of some posts: the mean over everybody hides who is served badly."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval, PerUser

Mask = NDArray[np.bool_]
Int64s = NDArray[np.int64]

QUARTILES = 4


def user_groups(n_known: Int64s, *, cold_below: int) -> dict[str, Mask]:
    """Cold users, and the others in quarters by how much they did.

    Args:
        n_known: (n_users,) likes in training.
        cold_below: likes below which a user is cold (COLD_MIN_POSITIVES).

    Returns:
        Group to (n_users,). Users with equally many likes are in one quarter, so quarters need not be of one size;
        each is named by its likes. A group without users is left out.
    """
    cold = n_known < cold_below
    groups = {f"cold users (below {cold_below} likes)": cold}
    warm = n_known[~cold]
    if len(warm):
        edges = np.quantile(warm, np.arange(1, QUARTILES) / QUARTILES)
        quarter = np.searchsorted(edges, n_known, side="left")
        for number in range(QUARTILES):
            here = ~cold & (quarter == number)
            if here.any():
                groups[f"quarter {number + 1} ({n_known[here].min()} to {n_known[here].max()} likes)"] = here
    return {name: mask for name, mask in groups.items() if mask.any()}


def by_group(
    values: Mapping[str, PerUser], groups: Mapping[str, Mask], generator: np.random.Generator
) -> dict[str, dict[str, Interval]]:
    """Each metric within each group of users. -> group to metric to interval"""
    return {
        group: {metric: metrics.interval(column[mask], generator) for metric, column in values.items()}
        for group, mask in groups.items()
        if mask.any()
    }
