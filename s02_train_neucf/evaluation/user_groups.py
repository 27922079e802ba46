"""Figures by group of users: the mean over all users hides groups with bad lists."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval, PerUser

Mask = NDArray[np.bool_]
Int64s = NDArray[np.int64]

QUARTILES = 4


def user_groups(n_known: Int64s, *, cold_below: int) -> dict[str, Mask]:
    """Cold users, and the others in quarters by their number of likes.

    Args:
        n_known: (n_users,) likes in training.
        cold_below: users with fewer likes are cold (COLD_MIN_POSITIVES).

    Returns:
        Group -> (n_users,). Users with equally many likes are in the same quarter, so quarters may differ in size; each
        is named after its likes. Groups without users are left out.
    """
    cold = n_known < cold_below
    groups = {f"cold users (below {cold_below} likes)": cold}
    warm = n_known[~cold]
    if len(warm):
        edges = np.quantile(warm, np.arange(1, QUARTILES) / QUARTILES)
        quarter = np.searchsorted(edges, n_known, side="left")
        for number in range(QUARTILES):
            in_quarter = ~cold & (quarter == number)
            if in_quarter.any():
                groups[f"quarter {number + 1} ({n_known[in_quarter].min()} to {n_known[in_quarter].max()} likes)"] = (
                    in_quarter
                )
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
