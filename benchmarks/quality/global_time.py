"""One time for all: learnt from the first nine tenths of the likes, asked for the later ones at their own moments."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed
from benchmarks.quality.data import Columns
from shared.neucf.features import NO_FEATURES, PostFeatures

TRAIN_SHARE = 0.9  # of the likes, the first ones
# Later likes of a user that are asked for, evenly spread over all of them: a few people have thousands, and a user's
# figure is the mean of theirs.
MOST_ASKED = 20

Int64s = NDArray[np.int64]
Seconds = NDArray[np.float64]


def global_time_columns(
    name: str,
    pairs: Int64s,
    at: Seconds,
    *,
    post_id_hashes: Int64s,
    features: PostFeatures = NO_FEATURES,
    slots: tuple[str, ...] = (),
    rarer_than: int | None = None,
) -> Columns:
    """Cut likes by time; each later like is asked for at its moment, when its user's likes before it are known.

    Also of users without any earlier like: theirs are asked for with an empty history first.

    Args:
        name: of the data set.
        pairs: (n, 2) user and post of each like.
        at: (n,) seconds.
        post_id_hashes: all posts, ascending.
        features: of the posts.
        slots: what became of which array, in words.
        rarer_than: ask only for posts with fewer likes in the first nine tenths, and for all of these; None: for all
            posts, at most `MOST_ASKED` times a user.

    Raises:
        DataMalformed: there is no later like to ask for.
    """
    order = np.argsort(at, kind="stable")
    cut = int(TRAIN_SHARE * len(order))
    known, later = order[:cut], order[cut:]
    if rarer_than is None:
        asked = later[_spread(pairs[later, 0])]
    else:
        n_likes = np.bincount(np.searchsorted(post_id_hashes, pairs[known, 1]), minlength=len(post_id_hashes))
        asked = later[n_likes[np.searchsorted(post_id_hashes, pairs[later, 1])] < rarer_than]
    if len(known) == 0 or len(asked) == 0:
        raise DataMalformed(f"{name}: got {len(order)} likes, expected more: none is left to learn from or to ask for")
    return Columns(
        name=name,
        train=pairs[known],
        train_at=at[known],
        test=pairs[asked],
        test_at=at[asked],
        later=pairs[later],
        later_at=at[later],
        post_id_hashes=post_id_hashes,
        features=features,
        slots=slots,
    )


def _spread(users: Int64s) -> Int64s:
    """Places of at most `MOST_ASKED` likes of each user, evenly spread; likes are by time. -> (n,) ascending"""
    order = np.argsort(users, kind="stable")
    _, starts, counts = np.unique(users[order], return_index=True, return_counts=True)
    n_asked = np.minimum(counts, MOST_ASKED)
    number = np.arange(n_asked.sum()) - np.repeat(np.cumsum(n_asked) - n_asked, n_asked)
    steps = (number + 0.5) * np.repeat(counts / n_asked, n_asked)
    return np.sort(order[np.repeat(starts, n_asked) + steps.astype(np.int64)])
