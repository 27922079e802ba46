"""The area under the curve of one user's scores."""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import Hits


def auc(scores: NDArray[np.float32], relevant: Hits) -> float:
    """How often a relevant post scores above another one, ties counted half (Hanley and McNeil 1982).

    Args:
        scores: (n_posts,) of one user.
        relevant: (n_posts,); if all or none are, the result is ½.
    """
    n_relevant, n_others = int(relevant.sum()), int((~relevant).sum())
    if n_relevant == 0 or n_others == 0:
        return 0.5
    others = np.sort(scores[~relevant])
    below = np.searchsorted(others, scores[relevant], side="left")
    not_above = np.searchsorted(others, scores[relevant], side="right")
    return float((below + not_above).sum() / (2 * n_relevant * n_others))
