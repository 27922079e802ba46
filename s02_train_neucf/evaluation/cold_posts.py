"""The cold row: posts without a like before the cut, or that were not there yet, ranked among each other.

They have a row of their own because a system that learns from likes alone knows nothing of them: the order in which it
would put them is that of their numbers, and a figure of it would be luck.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.evaluate import ColdRow, EvaluationTask, rank_lists
from s02_train_neucf.evaluation.metrics import KS, Interval
from s02_train_neucf.evaluation.ranker import Ranker

K = max(KS)
LIKES_ALONE = "knows posts by their likes alone"
AS_OF_THE_CUT = "knows likes and ages as of the cut, when these posts had no like or were not there"
IDS_ALONE = "has no photo or caption vectors, so it knows posts by their likes alone"


@dataclass(slots=True, kw_only=True, eq=False)
class ColdPosts:
    """Asks each system that can tell cold posts apart which of them a user liked later."""

    task: EvaluationTask  # it ranks and asks for cold posts alone
    min_known: int  # training likes that a user needs to be asked
    says_nothing: Mapping[str, str]  # system -> why it cannot tell cold posts apart
    seed: int  # of the bootstrap
    figures: dict[str, Interval] = field(default_factory=dict)  # system -> Recall@20

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Users who have a taste and later liked a cold post. (n_users,)"""
        return (self.task.known.counts >= self.min_known) & (self.task.test_likes.counts > 0)

    def add(self, system: str, ranker: Ranker) -> None:
        """Add one system's figure, if it has one."""
        asked = self.asked
        if system not in self.says_nothing and asked.any():
            _, hits = rank_lists(ranker, self.task, K)
            recall = metrics.recall(hits[asked], self.task.test_likes.counts[asked], K)
            self.figures[system] = metrics.interval(recall, np.random.default_rng(self.seed))

    def row(self) -> ColdRow | None:
        """The row of the report; None if nobody is asked."""
        asked, n_posts = self.asked, self.task.n_ranked
        if not asked.any():
            return None
        n_withheld = np.bincount(self._withheld_users(), minlength=len(asked))
        chance = np.minimum(1.0, K / np.maximum(n_posts - n_withheld[asked], 1))
        return ColdRow(
            n_users=int(asked.sum()),
            n_posts=n_posts,
            by_chance=float(chance.mean()),
            figures=self.figures,
            says_nothing=self.says_nothing,
        )

    def _withheld_users(self) -> NDArray[np.int64]:
        """The user of each withheld pair of a cold post."""
        withheld, ranked = self.task.withheld, self.task.ranked
        return withheld.users if ranked is None else withheld.users[ranked[withheld.posts]]
