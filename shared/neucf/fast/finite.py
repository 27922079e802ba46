"""Refuses scores that are NaN or infinite, from whichever scorer."""

import numpy as np
from numpy.typing import NDArray

from shared.errors import ScoringRefused
from shared.neucf.fast.kernels import kernels

Floats = NDArray[np.float32]


def refuse_non_finite(scores: Floats, n_posts: int | None = None) -> Floats:
    """The same scores, (n_users, n_posts or more), unless one of the first `n_posts` is NaN or infinite.

    Raises:
        ScoringRefused: one is.
    """
    columns = scores.shape[1] if n_posts is None else n_posts
    bad = kernels().count_bad(np.ascontiguousarray(scores), columns)
    if bad:
        of = len(scores) * columns
        raise ScoringRefused(f"scores: {bad} of {of} are NaN or infinite, expected finite numbers; retrain")
    return scores
