"""A learned final ranker: the first posts of a fused list in the order of a serving order that trees correct. Pure.

    score(user, post) = logit + the serving order's term + Σ trees(features)

The trees were learned as corrections of the first two terms, so that with few likes to learn from they change little.
"""

import numpy as np

from shared.neucf.fast.top_k import NO_POST
from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.asked import Asked, Int64s, Scores
from shared.neucf.sources.features import features_of
from shared.neucf.sources.fuse import SourceRanks

REORDERED = 100  # posts at the head of a list; the others follow in the order of the fused list
STEP = np.float32(1e-3)  # of score between two posts after the head


def corrected(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", served: Scores, trees: RankTrees) -> Scores:
    """The scores of listed posts. (n_users, n, n_features), (n_users, n) -> (n_users, n)"""
    return served + trees.scores(values.reshape(-1, values.shape[-1])).reshape(served.shape)


def reordered(
    asked: Asked, ranks: SourceRanks, lists: Int64s, served: Scores, trees: RankTrees, *, head: int = REORDERED
) -> tuple[Int64s, Scores]:
    """The lists in their last order.

    Args:
        asked: about these users.
        ranks: of all sources.
        lists: (n_users, k) columns of candidates by fused ranks, NO_POST after the last one.
        served: (n_users, n_candidates) the model's scores with the serving order's terms.
        trees: over `FEATURES`.
        head: posts that they order.

    Returns:
        The lists (n_users, k) and their scores, -inf where there is no post.
    """
    first, n_head = lists[:, :head], min(head, lists.shape[1])
    listed = np.take_along_axis(served, np.maximum(first, 0), axis=1)
    scores = np.where(first == NO_POST, -np.inf, corrected(features_of(asked, ranks, first), listed, trees))
    order = np.argsort(-scores, axis=1, kind="stable")
    scores = np.take_along_axis(scores, order, axis=1).astype(np.float32)
    lowest = np.where(np.isneginf(scores), np.inf, scores).min(axis=1, initial=np.inf, keepdims=True)
    after = lowest - STEP * np.arange(1, lists.shape[1] - n_head + 1)
    whole = np.concatenate([np.take_along_axis(first, order, axis=1), lists[:, n_head:]], axis=1)
    whole_scores = np.concatenate([scores, after.astype(np.float32)], axis=1)
    return whole, np.where(whole == NO_POST, -np.inf, whole_scores).astype(np.float32)
