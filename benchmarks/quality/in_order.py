"""Baselines that read a history in its order: what was liked last counts most, or leads to what comes next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from benchmarks.quality.data import QualityData
from s02_train_neucf.evaluation.ranker import Scores
from s02_train_neucf.evaluation.rankers import POSTS_AT_ONCE, refuse_too_many
from shared.neucf.score import blocks

LONGEST = 10  # likes before a like that lead to it
EVENTS_AT_ONCE = 50_000

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
    """What was liked next after each post: closed form, as SLIT in SLIST (Choi et al., WWW 2021).

    Each like is predicted by a ridge regression on the last `LONGEST` likes before it, weighted by `share` per step.

    Raises:
        TrainingRefused: posts × posts is too much.
    """
    n_posts = len(data.posts.id_hashes)
    refuse_too_many(n_posts)
    users, posts = by_user_in_order(data)
    shape = (n_posts, n_posts)  # in the order that LAPACK solves in place: with 20,000 posts each takes 1.6 GB
    gram, next_ones = np.zeros(shape, np.float32, order="F"), np.zeros(shape, np.float32, order="F")
    steps = np.arange(1, LONGEST + 1)
    for start in range(0, len(posts), EVENTS_AT_ONCE):
        events = np.arange(start, min(start + EVENTS_AT_ONCE, len(posts)))
        before = events[:, None] - steps[None, :]
        same = (before >= 0) & (users[np.maximum(before, 0)] == users[events][:, None])
        rows, columns = np.nonzero(same)
        values = (share ** (steps - 1)).astype(np.float32)[columns]
        history = sparse.csr_array((values, (rows, posts[before[same]])), shape=(len(events), n_posts))
        ones = np.ones(len(events), np.float32)
        target = sparse.csr_array((ones, (np.arange(len(events)), posts[events])), shape=(len(events), n_posts))
        earlier, following = history.T.tocsr(), target.T.tocsr()
        for part in blocks(n_posts, POSTS_AT_ONCE):
            gram[:, part] += (earlier[part] @ history).toarray().T
            next_ones[:, part] += (following[part] @ history).toarray().T
    gram[np.diag_indices_from(gram)] += l2
    weights = linalg.solve(gram, next_ones, assume_a="pos", overwrite_a=True, overwrite_b=True, check_finite=False)
    del gram
    weights = np.ascontiguousarray(weights)
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
