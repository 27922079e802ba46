"""Baselines that read a history in its order: what was liked last counts most, or leads to what comes next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.quality.data import QualityData
from s02_train_neucf.evaluation.ranker import Scores
from s02_train_neucf.evaluation.rankers import refuse_too_many
from s02_train_neucf.learning.transitions import transition_weights
from shared.neucf.sources.transitions import LONGEST

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WeightedHistories:
    """Weights of posts for each user by the weights of what they liked, the later a like the higher."""

    histories: sparse.csr_array  # (n_asked, n_posts)
    weights: NDArray[np.floating] | sparse.csr_array  # (n_posts, n_posts), from a liked post to another

    def scores(self, users: slice) -> Scores:
        """(n_rows_in_block, n_posts)"""
        scores = self.histories[users] @ self.weights
        return np.asarray(scores.toarray() if sparse.issparse(scores) else scores, dtype=np.float32)


def decayed_histories(data: QualityData, share: float) -> sparse.csr_array:
    """Each known like's weight: `share` to the power of the number of later ones in its row. -> (n_asked, n_posts)"""
    known = data.histories
    weights = (share**known.later).astype(np.float32)
    return sparse.csr_array((weights, (known.likes.users, known.in_order)), shape=(data.n_asked, known.likes.n_posts))


def transitions(data: QualityData, share: float, l2: float) -> WeightedHistories:
    """What was liked next after each post, as the candidate source of the product learns it, of all posts.

    Raises:
        TrainingRefused: posts × posts is too much.
    """
    refuse_too_many(len(data.posts.id_hashes))
    users, posts = by_user_in_order(data)
    weights = transition_weights(users, posts, len(data.posts.id_hashes), share=share, l2=l2)
    return WeightedHistories(_last(decayed_histories(data, share), share), weights)


def _last(histories: sparse.csr_array, share: float) -> sparse.csr_array:
    """Only what the regression has learned from: the last `LONGEST` likes."""
    kept = histories.copy()
    kept.data[kept.data < share ** (LONGEST - 0.5)] = 0.0
    kept.eliminate_zeros()
    return kept


def by_user_in_order(data: QualityData) -> tuple[Int64s, Int64s]:
    """Users and posts of what is learnt from, user by user, in the order of time."""
    by_user = np.argsort(data.train.user_id_hashes, kind="stable")  # `train` is by time
    return data.train.user_id_hashes[by_user], data.posts.indices(data.train.post_id_hashes[by_user])
