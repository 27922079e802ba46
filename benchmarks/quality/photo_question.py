"""The evaluation task on a simulated world, cut by time, with some persons and the newest posts unknown in training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.auc import auc
from demo.simulator.simulate import PhotoWorld
from demo.simulator.visits import DAY
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval, PerUser
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import SortedPosts

DATASET = "photos"
COLD_DAYS = 5.0  # the last ones: a sixth of the posts
LATER_SHARE = 0.2  # of those with three likes join after the training
KNOWN_LIKES = 3  # COLD_MIN_POSITIVES: with so many a person gets NeuCF lists
WANTED_SHARE = 0.1  # of the posts asked about, those that a person would like best
FEWEST_POSTS = 10  # of which one is wanted
BOOTSTRAP_SEED = 0

Scores = NDArray[np.float32]  # (n_users, n_posts)
Mask = NDArray[np.bool_]  # (n_users, n_posts)
Users = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One system on one seed's world; the persons of one seed and protocol are the same for every system."""

    system: str
    protocol: str
    values: Mapping[str, PerUser]  # metric to (n_persons,)
    seconds: float
    seed: int

    def to_json(self) -> dict[str, object]:
        """The row as `--json` writes it."""
        return {
            "system": self.system,
            "dataset": DATASET,
            "protocol": self.protocol,
            "metrics": {name: float(values.mean()) for name, values in self.values.items()},
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """A world cut by time: the training data, and the evaluated persons."""

    world: PhotoWorld
    posts: SortedPosts  # all of them
    train: Events
    fresh: Events  # as `train`, but until the end: what a heuristic knows that is computed every five minutes
    cold: NDArray[np.bool_]  # (n_posts,)
    asked: Users  # (n_asked,) ascending; users with three likes in training
    later: Users  # (n_later,) ascending; users of whom the training knows nothing
    later_likes: NDArray[np.int64]  # (n_later, KNOWN_LIKES) posts


def ask(world: PhotoWorld) -> Question:
    """Cut a world before its last days, and exclude some persons from the training."""
    rng = np.random.default_rng(world.seed)
    likes = world.events.of(InteractionKind.LIKE)
    cut = world.end - COLD_DAYS * DAY
    n_likes = np.bincount(likes.user, minlength=len(world.joined))
    likers = np.flatnonzero(n_likes >= KNOWN_LIKES)
    later = np.sort(rng.permutation(likers)[: round(LATER_SHARE * len(likers))])
    events = Events(
        user_id_hashes=world.events.user, post_id_hashes=world.events.post, kinds=world.events.kind, at=world.events.at
    ).where(~np.isin(world.events.user, later))
    train = events.where(events.at < cut)
    known = likes.where((likes.at < cut) & ~np.isin(likes.user, later))
    return Question(
        world=world,
        posts=SortedPosts(id_hashes=np.arange(len(world.born)), author_id_hashes=world.author, created_at=world.born),
        train=train,
        fresh=events,
        cold=world.cold_posts(days=COLD_DAYS),
        asked=np.flatnonzero(np.bincount(known.user, minlength=len(world.joined)) >= KNOWN_LIKES),
        later=later,
        later_likes=np.array([likes.post[likes.user == user][:KNOWN_LIKES] for user in later.tolist()]),
    )


def pairs_of(events: Events, users: Users, *, n_posts: int, kind: InteractionKind | None = None) -> Mask:
    """Who did something (of one kind) with what. `users` ascend. -> (n_users, n_posts)"""
    counted = np.isin(events.user_id_hashes, users)
    if kind is not None:
        counted &= events.kinds == KIND_CODES[kind]
    mask = np.zeros((len(users), n_posts), dtype=np.bool_)
    mask[np.searchsorted(users, events.user_id_hashes[counted]), events.post_id_hashes[counted]] = True
    return mask


def aucs(question: Question, scores: Scores, posts: NDArray[np.bool_]) -> PerUser:
    """For each evaluated person: how well scores find the tenth of these posts that they would like best.

    A person's own posts and posts seen before the cut are left out, since training knows them; so are persons with too
    few posts left, the same for every system. -> (at most n_asked,)
    """
    seen = pairs_of(question.train, question.asked, n_posts=len(posts))
    own = question.world.author[None, :] == question.asked[:, None]
    values: list[float] = []
    for row, user in enumerate(question.asked.tolist()):
        places = np.flatnonzero(posts & ~seen[row] & ~own[row])
        if len(places) < FEWEST_POSTS:
            continue
        felt = question.world.truth.affinity[user, places]
        values.append(auc(scores[row, places], felt >= np.quantile(felt, 1 - WANTED_SHARE)))
    return np.array(values)


def intervals(rows: Sequence[Row], system: str, metric: str) -> Interval:
    """The mean over the persons of all seeds."""
    return metrics.interval(_pooled(rows, system, metric), np.random.default_rng(BOOTSTRAP_SEED))


def difference(rows: Sequence[Row], ours: str, baseline: str, metric: str) -> Interval:
    """The difference between two systems, paired by person over all seeds."""
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    return metrics.paired_difference(_pooled(rows, ours, metric), _pooled(rows, baseline, metric), chance)


def _pooled(rows: Sequence[Row], system: str, metric: str) -> PerUser:
    return np.concatenate([row.values[metric] for row in rows if row.system == system and metric in row.values])
