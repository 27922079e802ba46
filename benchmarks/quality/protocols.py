"""Evaluation protocols: ranking all posts, one post against given negatives, and cold posts among themselves.

Where rows asked are moments of users, a user's figure is the mean over theirs: intervals are over users everywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import sampled
from benchmarks.quality.auc import auc
from benchmarks.quality.data import QualityData, Questions
from s02_train_neucf.evaluation import list_statistics, metrics
from s02_train_neucf.evaluation.metrics import PerUser
from s02_train_neucf.evaluation.ranker import Ranker
from shared.neucf.fast.finite import refuse_non_finite
from shared.neucf.score import best_posts, blocks

ALL_ITEMS = "all_items_ranked"
LAST_OUT = "last_out_in_order"  # the same; asked for each user's last event, and all before it is known
GLOBAL_TIME = "global_time"  # the same after one time for all, each like at its own moment
COLD_ITEMS = "cold_items_ranked"
SAMPLED = sampled.PROTOCOL
KS = (5, 10, 20)  # lengths of list that are reported
COLD_K = 20
USERS_AT_ONCE = 256
TIE_SEED = 0  # of the order in which posts of equal score are taken

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One figure per user for each metric; with lists also the metrics of whole lists."""

    values: Mapping[str, PerUser]  # "ndcg@10" -> (n_users_of_the_protocol,)
    whole: Mapping[str, float] = field(default_factory=dict)  # figures of all lists together


Ask = Callable[[Ranker, QualityData], Answered]


def main_protocol(data: QualityData) -> tuple[str, Ask]:
    """Given negatives if there are any, else all posts."""
    if data.questions is not None:
        return SAMPLED, ncf_sampled
    if data.moments:
        return GLOBAL_TIME, all_items_ranked
    return LAST_OUT if data.last_out else ALL_ITEMS, all_items_ranked


def protocols_of(data: QualityData) -> dict[str, Ask]:
    """The protocols of this data set, by name."""
    name, ask = main_protocol(data)
    cold = data.questions is None and asks_cold(data)
    return {name: ask, COLD_ITEMS: cold_items_ranked} if cold else {name: ask}


def asks_cold(data: QualityData) -> bool:
    """Whether cold posts are asked for, and the data has content for them."""
    knows = data.features.image is not None or data.features.caption is not None
    return knows and bool(data.cold[data.test_likes.posts].any())


def all_items_ranked(ranker: Ranker, data: QualityData) -> Answered:
    """Rank all posts that a user has not interacted with. Ties are broken by a random order, the same for all."""
    everyone, every = np.arange(data.n_asked), np.ones(data.test_likes.n_posts, np.bool_)
    lists, hits = _ranked(ranker, data, everyone, every, max(KS))
    values: dict[str, PerUser] = {}
    for k in KS:
        values[f"hr@{k}"] = metrics.hit_rate(hits, k)
        values[f"ndcg@{k}"] = metrics.ndcg(hits, data.test_likes.counts, k)
        values[f"recall@{k}"] = metrics.recall(hits, data.test_likes.counts, k)
        values[f"precision@{k}"] = metrics.precision(hits, k)
        values[f"mrr@{k}"] = metrics.reciprocal_rank(hits, k)
    k, liked_by = max(KS), np.bincount(data.train_likes.posts, minlength=data.train_likes.n_posts)
    values[f"novelty@{k}"] = list_statistics.novelty(lists, k, liked_by, n_users=data.train_likes.n_users)
    if data.features.image is not None:
        values[f"photo diversity@{k}"] = list_statistics.photo_diversity(lists, k, data.features.image)
    values = _per_user(values, data.asked_user_id_hashes)
    return Answered(values, {f"coverage@{k}": list_statistics.coverage(lists, k, n_posts=data.test_likes.n_posts)})


def cold_items_ranked(ranker: Ranker, data: QualityData) -> Answered:
    """Rank the posts without interactions in training among themselves, for rows that later liked one."""
    cold, k = data.cold, COLD_K
    n_cold = np.bincount(data.test_likes.users[cold[data.test_likes.posts]], minlength=data.n_asked)
    users = np.flatnonzero(n_cold)
    _, hits = _ranked(ranker, data, users, cold, k)
    values = {
        f"recall@{k}": metrics.recall(hits, n_cold[users], k),
        f"ndcg@{k}": metrics.ndcg(hits, n_cold[users], k),
        "auc": _auc(ranker, data, users, cold),
    }
    return Answered(_per_user(values, data.asked_user_id_hashes[users]))


def ncf_sampled(ranker: Ranker, data: QualityData) -> Answered:
    """One relevant post against its given negatives; several questions of one user are averaged."""
    asked = data.questions
    if asked is None:
        raise ValueError("questions: got none, expected test_negatives")
    at = _standings(ranker, data.n_asked, asked)
    values: dict[str, PerUser] = {}
    for k in KS:
        values[f"hr@{k}"] = sampled.sampled_hit_rate(at, k)
        values[f"ndcg@{k}"] = sampled.sampled_ndcg(at, k)
        values[f"mrr@{k}"] = sampled.sampled_reciprocal_rank(at, k)
    return Answered(_per_user(values, asked.users))


def _per_user(values: Mapping[str, PerUser], users: Int64s) -> dict[str, PerUser]:
    """The mean of each user's rows, by user. (n_rows,) -> (n_users,)"""
    _, which, n_rows = np.unique(users, return_inverse=True, return_counts=True)
    return {name: np.bincount(which, each) / n_rows for name, each in values.items()}


def _standings(ranker: Ranker, n_asked: int, asked: Questions) -> sampled.SampledRanks:
    order = np.argsort(asked.users, kind="stable")
    above, equal = np.zeros(len(order), dtype=np.int64), np.zeros(len(order), dtype=np.int64)
    for part in blocks(n_asked, USERS_AT_ONCE):
        low, high = np.searchsorted(asked.users[order], [part.start, part.stop])
        here = order[low:high]
        scores = refuse_non_finite(ranker.scores(part))[asked.users[here] - part.start]
        at = sampled.standing(scores, asked.posts[here], asked.negatives[here])
        above[here], equal[here] = at.above, at.equal
    return sampled.SampledRanks(above, equal)


def _ranked(
    ranker: Ranker, data: QualityData, users: Int64s, candidates: NDArray[np.bool_], k: int
) -> tuple[Int64s, NDArray[np.bool_]]:
    """The k best candidates of each user. -> (n_users, k) places, -1 after the last; and which of them are hits"""
    shuffled = np.random.default_rng(TIE_SEED).permutation(data.test_likes.n_posts)
    shuffled = shuffled[candidates[shuffled]]
    lists, hits = np.empty((len(users), k), dtype=np.int64), np.empty((len(users), k), dtype=np.bool_)
    for part, at, rows in _blocks_of(users, data.n_asked):
        scores = refuse_non_finite(ranker.scores(part))[rows][:, shuffled]
        places, _ = best_posts(scores, data.left_out.mask(part)[rows][:, shuffled], k)
        lists[at] = np.where(places >= 0, shuffled[np.maximum(places, 0)], -1)
        hits[at] = np.take_along_axis(data.test_likes.mask(part)[rows], np.maximum(lists[at], 0), axis=1) & (
            places >= 0
        )
    return lists, hits


def _auc(ranker: Ranker, data: QualityData, users: Int64s, cold: NDArray[np.bool_]) -> PerUser:
    values = []
    for part, _, rows in _blocks_of(users, data.n_asked):
        scores, counted = ranker.scores(part), cold & ~data.left_out.mask(part)
        wanted = data.test_likes.mask(part)
        values += [auc(scores[row][counted[row]], wanted[row][counted[row]]) for row in rows]
    return np.array(values)


def _blocks_of(users: Int64s, n_asked: int) -> Iterator[tuple[slice, slice, Int64s]]:
    """Blocks of all users asked: the block, where its users stand in `users`, and their rows in the block."""
    for part in blocks(n_asked, USERS_AT_ONCE):
        low, high = np.searchsorted(users, [part.start, part.stop])
        if low < high:
            yield part, slice(low, high), users[low:high] - part.start
