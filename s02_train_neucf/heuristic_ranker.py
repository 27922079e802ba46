"""The heuristic as a ranker of an exam: what the app would show without a model, scored as of the cut."""

from datetime import UTC, datetime

import numpy as np

from s02_train_neucf.baselines import Scores
from shared.db.bulk import Events as EventColumns
from shared.db.bulk import Posts as PostColumns
from shared.heuristic_scores import score_posts
from shared.neucf.examples import Events, Posts
from shared.settings import HeuristicSettings


class Heuristic:
    """The same scores for everybody: popularity and recency, blended, from the events before a moment."""

    def __init__(self, events: Events, posts: Posts, settings: HeuristicSettings, *, at: float) -> None:
        before = events.where(events.at < at)
        columns = PostColumns(
            ids=[""] * len(posts.post_key),
            author_ids=[""] * len(posts.post_key),
            keys=posts.post_key,
            author_keys=posts.author_key,
            created_at=posts.created_at,
        )
        known = EventColumns(user_keys=before.user_key, post_keys=before.post_key, kinds=before.kind, at=before.at)
        scores = score_posts(columns, known, settings, datetime.fromtimestamp(at, UTC))
        born = posts.created_at <= at  # a post of the future was not there to be shown
        self._scores = np.where(born, scores.blended, -1.0).astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.broadcast_to(self._scores, (users.stop - users.start, len(self._scores)))
