"""Figures of lists over all posts besides the mean hits: coverage, diversity, and metrics by group."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import list_statistics, metrics
from s02_train_neucf.evaluation.evaluate import EvaluationTask
from s02_train_neucf.evaluation.metrics import KS, Hits, Interval
from s02_train_neucf.evaluation.user_groups import by_group, user_groups
from shared.neucf.features import ContentVectors

K = max(KS)
GROUP_METRICS = ("hr@10", "ndcg@10", "recall@20")

Int64s = NDArray[np.int64]
Groups = Mapping[str, Mapping[str, Interval]]  # group -> metric -> mean over its users


@dataclass(slots=True, kw_only=True, eq=False)
class ListFigures:
    """Collects the figures of each system."""

    task: EvaluationTask
    cold_below: int  # users with fewer likes get other lists: they are a group of their own and not in `spread`
    photos: ContentVectors | None
    seed: int  # of the bootstrap
    spread: dict[str, dict[str, float]] = field(default_factory=dict)  # system -> "coverage@20" -> value
    slices: dict[str, Groups] = field(default_factory=dict)  # system -> its groups

    def add(self, system: str, lists: Int64s, hits: Hits) -> None:
        """Add one system's lists (n_users, K) of all users of the task."""
        self.spread[system] = self._spread(lists[self.task.known.counts >= self.cold_below])
        self.slices[system] = self._slices(hits)

    def _spread(self, lists: Int64s) -> dict[str, float]:
        """Of the posts that are ranked, and of their authors alone."""
        task = self.task
        ranked = np.flatnonzero(np.ones(task.test_likes.n_posts, np.bool_) if task.ranked is None else task.ranked)
        liked_by = np.bincount(task.train_likes.posts, minlength=task.train_likes.n_posts)[ranked]
        lists = np.where(lists >= 0, np.searchsorted(ranked, lists), -1)
        values = {
            f"coverage@{K}": list_statistics.coverage(lists, K, n_posts=len(ranked)),
            f"author_gini@{K}": list_statistics.author_gini(lists, K, task.posts.author_id_hashes[ranked]),
            f"novelty@{K}": _mean(list_statistics.novelty(lists, K, liked_by, n_users=task.train_likes.n_users)),
        }
        if self.photos is not None:
            photos = self.photos.take(ranked)
            values[f"photo_diversity@{K}"] = _mean(list_statistics.photo_diversity(lists, K, photos))
        return values

    def _slices(self, hits: Hits) -> Groups:
        """Of the users who have something to find."""
        counts = self.task.test_likes.counts
        asked = counts > 0
        values = metrics.metrics_of(hits[asked], counts[asked], KS)
        groups = user_groups(self.task.known.counts[asked], cold_below=self.cold_below)
        return by_group({name: values[name] for name in GROUP_METRICS}, groups, np.random.default_rng(self.seed))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
