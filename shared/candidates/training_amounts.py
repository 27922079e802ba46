"""Counts what a model could learn from, out of columns that a run has loaded anyway."""

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.distinct import distinct
from shared.domain import KIND_CODES, POSITIVE_KINDS
from shared.readiness import TrainingAmounts

_POSITIVE_CODES = [KIND_CODES[kind] for kind in sorted(POSITIVE_KINDS)]


def amounts_of(
    user_id_hashes: npt.NDArray[np.int64],
    post_id_hashes: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int16],
    *,
    n_posts: int,
    min_positives: int,
    days: float,
) -> dict[str, Any]:
    """`readiness.TrainingAmounts` as a run's report holds them.

    Args:
        user_keys: of the events, one column with the next two.
        post_keys: the events' posts.
        kinds: codes of `domain.KIND_CODES`.
        n_posts: posts there are.
        min_positives: from which a user counts as warm.
        days: how far back the events reach.
    """
    positive = np.isin(kinds, _POSITIVE_CODES)
    users, posts = user_id_hashes[positive], post_id_hashes[positive]
    known_users, known_posts = distinct(users), distinct(posts)
    # As places instead of keys a pair is one number, which sorts twenty times as fast as two columns.
    pairs = distinct(np.searchsorted(known_users, users) * len(known_posts) + np.searchsorted(known_posts, posts))
    each = np.bincount(pairs // max(1, len(known_posts)), minlength=len(known_users))
    counts = TrainingAmounts(
        events=len(kinds),
        positives=len(pairs),
        warm_users=int((each >= min_positives).sum()),
        posts=n_posts,
        min_positives=min_positives,
        days=round(days, 1),
    )
    return asdict(counts)
