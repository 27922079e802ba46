"""A data set of `benchmarks.quality`, cut in three: what is learned, what says when it is enough, and what is asked."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed
from benchmarks.quality.data import QualityData
from benchmarks.quality.validation import validation_of
from benchmarks.train.program import Split
from s02_train_neucf.data.dataset import LikeMatrix


def split_of(data: QualityData) -> Split:
    """Validation holds back the last likes of each user's training part, or some by chance where there are no times.

    Raises:
        DataMalformed: nothing can be held back.
    """
    inner = validation_of(data)
    if inner is None:
        raise DataMalformed(f"{data.name}: nothing can be held back for validation")
    users = np.unique(data.user_id_hashes)
    train = np.stack(
        (np.searchsorted(users, inner.train.user_id_hashes), inner.posts.indices(inner.train.post_id_hashes)), axis=1
    )
    return Split(
        n_users=len(users),
        n_posts=len(data.posts.id_hashes),
        train=train,
        at=inner.train.at,
        val=_pairs(inner.test_likes, np.searchsorted(users, inner.user_id_hashes)),
        test=_pairs(data.test_likes, np.searchsorted(users, data.user_id_hashes)),
    )


def _pairs(likes: LikeMatrix, users: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack((users[likes.users], likes.posts), axis=1)
