"""Learns what people like next after each post: closed form, as SLIT in SLIST (Choi et al., WWW 2021).

Each like is predicted by a ridge regression on the likes just before it, weighted by a share per step.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from s02_train_neucf.data.dataset import TrainingSet
from shared.neucf.score import blocks
from shared.neucf.sources.transitions import LONGEST, STEP_WEIGHT, Transitions

EVENTS_AT_ONCE = 50_000
POSTS_AT_ONCE = 256  # of posts × posts, while they are counted
L2 = 300.0  # as found on MovieLens-1M in order
MAX_POSTS = 3_000  # the most liked ones, of which a nightly training learns: some 2 s of one core, at most six times
N_KEPT = 100  # weights of a post: what follows it most

Int64s = NDArray[np.int64]


def transition_weights(users: Int64s, posts: Int64s, n_posts: int, *, share: float, l2: float) -> NDArray[np.float32]:
    """The weights from a liked post to the next one. -> (n_posts, n_posts)

    Args:
        users: (n_likes,) of each like, user by user, in the order of time.
        posts: (n_likes,) from 0.
        n_posts: posts there are.
        share: weight of a like, relative to the next later one.
        l2: of the regression.
    """
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
    return np.ascontiguousarray(weights)


def transitions_of(data: TrainingSet, *, max_posts: int = MAX_POSTS) -> Transitions:
    """What followed what in the training: of the most liked posts, the weights that are kept.

    Empty where likes have no order.
    """
    n_rows = data.posts.n_rows
    if not data.has_order:
        return Transitions(np.zeros((n_rows, 0), np.int32), np.zeros((n_rows, 0), np.float32))
    counts = np.bincount(data.likes.posts, minlength=n_rows)
    chosen = np.sort(np.argsort(-counts[1:], kind="stable")[:max_posts]) + 1  # (n_chosen,) model rows
    users, by_time = data.likes.users, np.lexsort((data.liked_at, data.likes.users))
    number_of = np.full(n_rows, -1)
    number_of[chosen] = np.arange(len(chosen))
    numbers = number_of[data.likes.posts[by_time]]
    counted = numbers >= 0
    weights = transition_weights(
        users[by_time][counted], numbers[counted], len(chosen), share=STEP_WEIGHT, l2=L2
    )  # fmt: skip
    return _kept(weights, chosen, n_rows)


def _kept(weights: NDArray[np.float32], chosen: Int64s, n_rows: int) -> Transitions:
    """The largest weights of each row; those that are not above 0 are left out."""
    n_kept = min(N_KEPT, len(chosen))
    largest = np.argsort(-weights, axis=1, kind="stable")[:, :n_kept]
    values = np.take_along_axis(weights, largest, axis=1)
    rows, kept = np.zeros((n_rows, n_kept), np.int32), np.zeros((n_rows, n_kept), np.float32)
    rows[chosen] = np.where(values > 0, chosen[largest], 0)
    kept[chosen] = np.maximum(values, 0.0)
    return Transitions(rows, kept)
