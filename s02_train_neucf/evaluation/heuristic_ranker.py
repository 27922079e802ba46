"""The heuristic as a ranker: what the app would show without a model, scored at the time of the cut."""

from datetime import UTC, datetime

import numpy as np

from s02_train_neucf.evaluation.ranker import Scores
from shared.candidates.heuristic_scores import score_posts
from shared.event_columns import Events, PostColumns
from shared.settings import HeuristicSettings


class Heuristic:
    """The same scores for all users: popularity and recency, blended, from the events before a time."""

    def __init__(self, events: Events, posts: PostColumns, settings: HeuristicSettings, *, at: float) -> None:
        scores = score_posts(posts, events[events.at < at], settings, datetime.fromtimestamp(at, UTC))
        exists = posts.created_at <= at  # later posts could not be shown
        self._scores = np.where(exists, scores.blended, -1.0).astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.broadcast_to(self._scores, (users.stop - users.start, len(self._scores)))
