"""People who like nearly all that a few authors post, and a model that has found out whom each of them loves."""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.gate.asked_at import SourceFacts
from s02_train_neucf.gate.cuts import ReplayCut
from s02_train_neucf.gate.eligibility_then import UserHistories
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules
from shared.domain import InteractionKind
from shared.event_columns import Int64s
from shared.neucf.final_ranker import FinalRanker
from shared.settings import HeuristicSettings, WindowSettings
from tests.neucf_worlds import Row, data_of, events_of, nothing_known, posts_of

HOUR, DAY = 3600.0, 86_400.0
N_DAYS, N_USERS, N_AUTHORS = 8, 60, 30
POSTS_A_DAY = 2.0  # mean of an author
LOVED = 5  # authors of each user
LIKES_LOVED, LIKES_OTHERS = 0.85, 0.02  # chance that a user likes a post of the last day by an author
CUT = ReplayCut(start=(N_DAYS - 1) * DAY, end=N_DAYS * DAY)
RULES = ReplayRules(
    window=WindowSettings(candidate_days=3, min_candidates=1), formula=HeuristicSettings(), min_known=3,
    rankers=(FinalRanker(),),
)  # fmt: skip


def loved_authors(seed: int) -> TrainingData:
    """Each user looks once a day at all posts since yesterday's look, and likes some of them."""
    rng = np.random.default_rng(seed)
    author = np.repeat(np.arange(N_AUTHORS), rng.poisson(POSTS_A_DAY * N_DAYS, N_AUTHORS))
    created_at = rng.random(len(author)) * N_DAYS * DAY
    rows: list[Row] = []
    for user in range(N_USERS):
        loved = np.isin(author, rng.choice(N_AUTHORS, LOVED, replace=False))
        looks_at = rng.random() * DAY * 0.9
        for day in range(1, N_DAYS):
            at = day * DAY + looks_at
            (new,) = np.nonzero((created_at < at - HOUR) & (created_at >= at - HOUR - DAY))
            likes = rng.random(len(new)) < np.where(loved[new], LIKES_LOVED, LIKES_OTHERS)
            kinds = np.where(likes, InteractionKind.LIKE, InteractionKind.VIEW)
            rows += [
                (1000 + user, int(post), InteractionKind(kind), at)
                for post, kind in zip(new, kinds, strict=True)
                if loved[post] or kind == InteractionKind.LIKE
            ]
    posts = posts_of(
        list(range(len(author))), authors=[int(each) for each in author], created_at=[float(at) for at in created_at]
    )
    return data_of(events_of(*rows), posts)


class ByAuthor:
    """Ranks by how many posts of the author a user has liked, the newest first among those of an author."""

    def __init__(self, history: History) -> None:
        self.posts = history.data.posts

    def facts(self, history: History) -> SourceFacts:
        return nothing_known(history)

    def logits(self, histories: UserHistories, candidates: Int64s) -> NDArray[np.float32]:
        users = np.repeat(np.arange(len(histories.starts)), histories.counts)
        liked = np.zeros((len(histories.starts), N_AUTHORS))
        np.add.at(liked, (users, self.posts.author_id_hashes[histories.liked]), 1.0)
        newness = self.posts.created_at[candidates] / (N_DAYS * DAY)
        return (liked[:, self.posts.author_id_hashes[candidates]] + newness).astype(np.float32)
