"""What a team would do for users of whom a ranker knows nothing."""

import numpy as np

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from s02_train_neucf.evaluation.rankers import Popularity


class PopularForColdUsers:
    """Another ranker, and popularity for users without a like, of whom it knows nothing: what a team would do."""

    def __init__(self, ranker: Ranker, likes: LikeMatrix) -> None:
        self.ranker, self.popularity, self.strangers = ranker, Popularity(likes), likes.counts == 0

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        scores = self.ranker.scores(users)
        return np.where(self.strangers[users][:, None], self.popularity.scores(users), scores)
