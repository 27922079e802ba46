"""The four paths on one world, each as a function that returns its seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

import numpy as np
import torch

from benchmarks.databases import open_database
from benchmarks.jobs import heuristic_run
from s02_recsys_neucf.score import IndicesPerUser, candidates_from, rank, users_from
from s02_train_neucf.data.dataset import training_set
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train_members
from shared.db.bulk import load_all_posts
from shared.db.bulk_events import load_events
from shared.db.engine import Database
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF

PUBLISH, JOB, LOAD, TRAIN, SCORE = "publish", "heuristic job", "load", "train", "score"
LIST_LENGTH = 200
DAYS = 730
ONE_EPOCH = Recipe(epochs=1, members=1, steps_per_epoch=1)  # whatever there is, each user is taken once
LIKES = 5  # of a user who is scored
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthSetup:
    """What the paths need: a filled database, Redis, and the time."""

    database_url: str
    redis_url: str
    now: datetime
    n_users: int
    n_posts: int


def paths_on(setup: GrowthSetup) -> dict[str, Callable[[], float]]:
    """All paths; the events for the training are loaded once before."""
    database = open_database(setup.database_url, redis_url=setup.redis_url)
    events, posts = loaded(database, setup.now)
    scoring = _Scoring(n_users=setup.n_users, n_posts=setup.n_posts)
    return {
        PUBLISH: lambda: float(heuristic_run(database, setup.redis_url, setup.now)["stages"]["publish"]),
        JOB: lambda: _timed(lambda: heuristic_run(database, setup.redis_url, setup.now)),
        LOAD: lambda: _timed(lambda: loaded(database, setup.now)),
        TRAIN: lambda: _timed(lambda: _train(events, posts)),
        SCORE: lambda: _timed(scoring.run),
    }


def loaded(database: Database, now: datetime) -> tuple[Events, SortedPosts]:
    """All events and posts, as training reads them."""
    with database.read() as snapshot:
        found = load_all_posts(snapshot, now=now)
        events = load_events(snapshot, since=now - timedelta(days=DAYS), now=now)
    return events, SortedPosts.of(found)


def _train(events: Events, posts: SortedPosts) -> None:
    """From events to a model, one epoch."""
    data = training_set(examples_of(events, posts), posts, NO_FEATURES)
    train_members(data, NeuCFConfig(), ONE_EPOCH, seed=1, device=CPU)


class _Scoring:
    """An untrained model and all likes: the time does not depend on what was learned."""

    def __init__(self, *, n_users: int, n_posts: int) -> None:
        chance = np.random.default_rng(1)
        self._model = NeuCF(NeuCFConfig(), n_user_rows=n_users + 1, n_post_rows=n_posts + 1)
        self._model.start(torch.Generator().manual_seed(1))
        self._model.eval()
        self._users = np.arange(1, n_users + 1)
        self._posts = np.arange(1, n_posts + 1)
        self._liked = IndicesPerUser(
            np.arange(0, n_users * LIKES + 1, LIKES), chance.integers(0, n_posts, n_users * LIKES)
        )

    def run(self) -> None:
        with torch.inference_mode():
            users = users_from(self._model, self._users, self._liked, self._posts, NO_FEATURES, CPU)
            candidates = candidates_from(self._model, self._posts, CPU)
            for _ in rank(self._model, users, candidates, self._liked, LIST_LENGTH):
                pass


def _timed(run: Callable[[], object]) -> float:
    begun = perf_counter()
    run()
    return perf_counter() - begun
