"""What many liked within the last days before each question: the baseline that a feed's ranker has to beat."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores
from shared.neucf.examples import Examples, SortedPosts

WINDOW = timedelta(days=7)


class PopularNow:
    """The number of likes in the window before the moment asked; of equal posts the one with more likes in training.

    It counts everybody's likes before that moment, those after the training part included, as a job does that runs
    every few minutes; whoever ranks a feed has them too.

    Args:
        log: all likes, in the order of time.
        posts: all posts.
        train_likes: what other systems learn from.
        asked_at: (n_asked,) seconds of each row.
        window: how long a like counts.
    """

    def __init__(
        self,
        log: Examples,
        posts: SortedPosts,
        train_likes: LikeMatrix,
        asked_at: NDArray[np.float64],
        window: timedelta = WINDOW,
    ) -> None:
        self.liked = posts.indices(log.post_id_hashes)
        self.first = np.searchsorted(log.at, asked_at - window.total_seconds())
        self.end = np.searchsorted(log.at, asked_at)  # a like of the same second is not past
        counts = np.bincount(train_likes.posts, minlength=train_likes.n_posts)
        self.below_one = (counts / (counts.max(initial=0) + 1.0)).astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_rows_in_block, n_posts)"""
        recent = [
            np.bincount(self.liked[self.first[row] : self.end[row]], minlength=len(self.below_one))
            for row in range(users.start, users.stop)
        ]
        return np.asarray(np.stack(recent) + self.below_one, dtype=np.float32)
