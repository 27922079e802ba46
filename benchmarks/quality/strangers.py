"""A ranker with popularity for cold users, as a team would add it."""

import numpy as np

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from s02_train_neucf.evaluation.rankers import Popularity


class PopularForColdUsers:
    """Another ranker, and popularity for users without a like, of whom that ranker knows nothing.

    `histories` are the likes of the rows asked where these are not the first rows of the likes that are learnt from.
    """

    def __init__(self, ranker: Ranker, likes: LikeMatrix, histories: LikeMatrix | None = None) -> None:
        self.ranker, self.popularity = ranker, Popularity(likes)
        self.strangers = (likes if histories is None else histories).counts == 0

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        scores = self.ranker.scores(users)
        return np.where(self.strangers[users][:, None], self.popularity.scores(users), scores)
