"""The heuristic as a ranker of an exam: what the app would show without a model, scored as of the cut."""

from datetime import UTC, datetime

import numpy as np

from s02_train_neucf.evaluation.ranker import Scores
from shared.candidates.heuristic_scores import score_posts
from shared.event_columns import Events, PostColumns
from shared.settings import HeuristicSettings


class Heuristic:
    """The same scores for everybody: popularity and recency, blended, from the events before a moment."""

    def __init__(self, events: Events, posts: PostColumns, settings: HeuristicSettings, *, at: float) -> None:
        scores = score_posts(posts, events[events.at < at], settings, datetime.fromtimestamp(at, UTC))
        born = posts.created_at <= at  # a post of the future was not there to be shown
        self._scores = np.where(born, scores.blended, -1.0).astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.broadcast_to(self._scores, (users.stop - users.start, len(self._scores)))
