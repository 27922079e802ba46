"""Learns a final ranker from the lists of replayed cuts, and judges it on later ones. Pure.

For each cut it is learned anew from the cuts before, and corrects the serving order that these cuts chose; so a cut
never teaches what it is judged by. The last one, of all cuts, is the one that may go live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.pair_gains import K
from s02_train_neucf.gate.ranker_choice import best_plain
from s02_train_neucf.gate.served_order import CandidateSpacing, served_posts
from s02_train_neucf.learning.rank_trees import ListsToLearnFrom, learn_trees
from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.final_ranker import LEARNED, FinalRanker
from shared.neucf.rank_trees import RankTrees
from shared.neucf.score import blocks
from shared.neucf.serving_order import ServingOrder, added_to_logits
from shared.neucf.sources.reorder import STEP, corrected

if TYPE_CHECKING:
    from s02_train_neucf.gate.replay import CutFigures

CELLS_AT_ONCE = 2**22  # of lists × posts
LENGTH = max(metrics.KS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedRanking:
    """Cuts with the figures of one more ranker, if one could be learned."""

    cuts: "tuple[CutFigures, ...]"
    rankers: tuple[FinalRanker, ...]  # of `by_ranker` of the cuts; the learned one is the last
    trees: RankTrees | None  # learned from all cuts; None: there is no such ranker


def with_learned(
    cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker], history: History, list_length: int
) -> LearnedRanking:
    """The cuts with the figures of learned rankers, each learned on the cuts before.

    Before there is something to learn from, a cut has the figures of the serving order that the cuts before it choose.
    """
    nothing = LearnedRanking(cuts=tuple(cuts), rankers=tuple(rankers), trees=None)
    if len(cuts) < 2 or any(cut.asked is None for cut in cuts):
        return nothing
    order = _serving_order(cuts, rankers)
    trees = learn_trees(_lessons(cuts, order))
    if trees is None:
        return nothing
    done = []
    for index, cut in enumerate(cuts):
        before = cuts[:index]
        order_before = _serving_order(before, rankers)
        found = learn_trees(_lessons(before, order_before)) if before else None
        if found is None:
            done.append(_as_ranked_by(cut, best_plain(before, rankers)))
        else:
            done.append(_judged(cut, found, order_before, history, list_length))
    learned = replace(LEARNED, serving_order=order)
    return LearnedRanking(cuts=tuple(done), rankers=(*rankers, learned), trees=trees)


def _serving_order(cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker]) -> ServingOrder:
    return rankers[best_plain(cuts, rankers)].serving_order


def _served(cut: "CutFigures", order: ServingOrder) -> NDArray[np.float32]:
    """The scores of the first listed posts under a serving order, -inf where there is no post. -> (n_asked, n_head)"""
    assert cut.asked is not None
    lists = cut.asked.lists
    term = added_to_logits(
        order, popularity=lists.popularity.astype(np.float64), age_days=lists.age_days.astype(np.float64)
    )
    scores = np.where(lists.posts[:, : lists.logits.shape[1]] == NO_POST, -np.inf, lists.logits + term)
    return scores.astype(np.float32)


def _lessons(cuts: "Sequence[CutFigures]", order: ServingOrder) -> ListsToLearnFrom:
    parts = [_lessons_of(cut, order) for cut in cuts]
    return ListsToLearnFrom(
        user_id_hashes=np.concatenate([part.user_id_hashes for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        served=np.concatenate([part.served for part in parts]),
        is_liked=np.concatenate([part.is_liked for part in parts]),
        n_relevant=np.concatenate([part.n_relevant for part in parts]),
    )


def _lessons_of(cut: "CutFigures", order: ServingOrder) -> ListsToLearnFrom:
    asked = cut.asked
    assert asked is not None
    head = asked.lists.posts[:, : asked.lists.logits.shape[1]]
    return ListsToLearnFrom(
        user_id_hashes=asked.user_id_hashes,
        values=asked.lists.values,
        served=_served(cut, order),
        is_liked=asked.liked(head) >= 0,
        n_relevant=asked.n_relevant,
    )


def _as_ranked_by(cut: "CutFigures", ranker: int) -> "CutFigures":
    """The cut with the figures of one of its rankers once more."""
    gains = cut.pairs.gains[len(cut.baselines) + ranker]
    return _with_ranker(cut, cut.by_ranker[ranker], gains)


def _judged(
    cut: "CutFigures", trees: RankTrees, order: ServingOrder, history: History, list_length: int
) -> "CutFigures":
    asked = cut.asked
    assert asked is not None
    served = _served_lists(cut, trees, order, history, list_length)  # (n_asked, LENGTH) posts
    pairs = asked.liked(served)
    values = metrics.metrics_of(pairs >= 0, asked.n_relevant, metrics.KS)
    figures = np.stack([values[name] for name in metrics.NAMES], axis=1)
    _, means = metrics.mean_per_user(asked.user_id_hashes, figures)
    user, counts = np.unique(asked.user_id_hashes, return_inverse=True, return_counts=True)[1:]
    row, place = np.nonzero(pairs[:, :K] >= 0)
    gains = np.zeros(len(asked.pair_asked))
    ideal = metrics.ideal_gains(asked.n_relevant, K)
    gains[pairs[row, place]] = metrics.discounts(K)[place] / ideal[row] / counts[user[row]]
    return _with_ranker(cut, means, gains)


def _served_lists(
    cut: "CutFigures", trees: RankTrees, order: ServingOrder, history: History, list_length: int
) -> Int64s:
    """The first posts of each list as the timeline would have served them; everyone's list does not follow."""
    asked = cut.asked
    assert asked is not None
    lists, n_posts = asked.lists, len(history.data.posts)
    head = lists.posts[:, : lists.logits.shape[1]].astype(np.int64)
    scores = corrected(lists.values, _served(cut, order), trees)
    lowest = np.where(np.isfinite(scores), scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    after = lowest - STEP * np.arange(1, lists.posts.shape[1] - head.shape[1] + 1)
    whole = np.concatenate([scores, after.astype(np.float32)], axis=1)
    spacing = CandidateSpacing(
        authors=history.spaced_authors,
        clusters=history.clusters,
        everyones_ranks=np.arange(n_posts),
        list_length=list_length,
    )
    found = np.empty((len(asked), LENGTH), np.int64)
    for part in blocks(len(asked), max(1, CELLS_AT_ONCE // max(1, n_posts))):
        posts = lists.posts[part].astype(np.int64)
        shown = np.zeros((len(posts), n_posts + 1), np.float32)  # the last column is of no post
        is_listed = np.zeros(shown.shape, np.bool_)
        columns = np.where(posts == NO_POST, n_posts, posts)
        np.put_along_axis(shown, columns, np.where(posts == NO_POST, 0, whole[part]).astype(np.float32), axis=1)
        np.put_along_axis(is_listed, columns, posts != NO_POST, axis=1)
        found[part] = served_posts(
            np.ascontiguousarray(shown[:, :-1]), ~is_listed[:, :-1], spacing, LENGTH
        )  # fmt: skip
    return found


def _with_ranker(cut: "CutFigures", figures: NDArray[np.float64], gains: NDArray[np.float64]) -> "CutFigures":
    pairs = replace(cut.pairs, gains=np.concatenate([cut.pairs.gains, gains[None]]))
    return replace(cut, by_ranker=np.concatenate([cut.by_ranker, figures[None]]), pairs=pairs, asked=None)
