"""Made-up people, posts and rankers whose true difference is known, as the gate sees them. Pure."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation.shared_errors import PairDifferences
from s02_train_neucf.gate.pair_gains import PairGains, pair_gains_of

POSTS = 300
TASTE_WIDTH = 8
LIST_LENGTH = 10
LIKES = 3.0  # mean, of one user who is asked
NOISE = 1.0  # standard deviation of a ranker's errors, where tastes have 1.2 and popularity 0.8
EARLIER_DAYS = 4  # that a night's replay judges besides the last one
LOSERS, LOSS = 0.05, 0.38  # of the skewed world: this share of the users loses so much, the others gain little

Floats = NDArray[np.float64]


class Noise(StrEnum):
    """For whom a ranker errs alike."""

    PAIR = "for each user and post"
    USER = "for each user"
    POST = "for each post"
    CONTENT = "along the posts' content"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Users, posts and how much each user would like each post."""

    users: Floats  # (n_users, width)
    posts: Floats  # (n_posts, width)
    taste: Floats  # (n_users, n_posts)

    @classmethod
    def of(cls, generator: np.random.Generator, *, n_users: int) -> "World":
        """A world with tastes and with popular posts."""
        users = generator.normal(size=(n_users, TASTE_WIDTH)) / np.sqrt(TASTE_WIDTH)
        posts, popularity = generator.normal(size=(POSTS, TASTE_WIDTH)), generator.normal(0, 0.8, POSTS)
        return cls(users=users, posts=posts, taste=1.2 * users @ posts.T + popularity)

    def errors(self, noise: Noise, generator: np.random.Generator) -> Floats:
        """What a ranker adds to the tastes, at noise 1. (n_users, n_posts), or one row for all users"""
        if noise is Noise.PAIR:
            return generator.normal(size=self.taste.shape)
        if noise is Noise.USER:
            own = generator.normal(size=self.users.shape) / np.sqrt(TASTE_WIDTH)
            return np.asarray(1.2 * own @ self.posts.T)
        if noise is Noise.CONTENT:
            return _of_size_1(generator.normal(size=(1, TASTE_WIDTH)) @ self.posts.T)
        return generator.normal(size=(1, len(self.posts)))

    def mixed(self, noise: Noise, lasting: Floats, new: Floats) -> Floats:
        """Half of one error and half of another, at noise 1."""
        half = np.sqrt(0.5) * (lasting + new)
        return _of_size_1(half) if noise is Noise.CONTENT else half

    def liked(self, generator: np.random.Generator) -> NDArray[np.bool_]:
        """Which posts each user likes next, at least one. -> (n_users, n_posts)"""
        counts = 1 + generator.poisson(LIKES - 1, len(self.taste))
        keys = np.log(generator.random(self.taste.shape)) / np.exp(1.5 * self.taste)  # drawn in proportion to exp(…)
        places = np.argsort(np.argsort(-keys, axis=1), axis=1)
        return np.asarray(places < counts[:, None])


def decision(
    noise: Noise, generator: np.random.Generator, *, n_users: int, ours: float = NOISE, theirs: float = NOISE
) -> PairDifferences:
    """One comparison of two rankers who err so much, in a world of its own."""
    world = World.of(generator, n_users=n_users)
    gains = _gains(world, [scale * world.errors(noise, generator) for scale in (ours, theirs)], generator)
    return _differences(gains)


def nights(
    noise: Noise, generator: np.random.Generator, *, n_users: int, n_nights: int, ours: float = NOISE
) -> list[PairDifferences]:
    """What the gate sees in consecutive nights about two rankers, of which ours errs so much.

    Each day half of the users are asked. Half of a ranker's error stays, half is new with each day's training.
    """
    world = World.of(generator, n_users=n_users)
    lasting = [world.errors(noise, generator) for _ in range(2)]
    days = []
    for _ in range(n_nights + EARLIER_DAYS):
        errors = [
            scale * world.mixed(noise, stays, world.errors(noise, generator))
            for scale, stays in zip((ours, NOISE), lasting, strict=True)
        ]
        days.append(_gains(world, errors, generator, asked=generator.random(n_users) < 0.5))
    return [_differences(_pooled(days[night : night + 1 + EARLIER_DAYS])) for night in range(n_nights)]


def _of_size_1(error: Floats) -> Floats:
    """A direction in the space of content drawn at random is long or short, and a ranker with a short one errs less: it
    is better, also for people and posts to come. (1, n_posts) -> (1, n_posts)"""
    return np.asarray(error / error.std())


def skewed(generator: np.random.Generator, *, n_users: int) -> PairDifferences:
    """Differences with a true mean of 0: most users gain a little, a few lose much."""
    loses = generator.random(n_users) < LOSERS
    gain = LOSERS * LOSS / (1 - LOSERS)
    return each_apart(np.where(loses, -LOSS, gain) + generator.normal(0, 0.005, n_users))


def symmetric(generator: np.random.Generator, *, n_users: int) -> PairDifferences:
    """Differences with a true mean of 0, as often gains as losses; most are 0, as in a replay."""
    differs = generator.random(n_users) < 0.4
    return each_apart(np.where(differs, generator.normal(0, 0.3, n_users), 0.0))


def each_apart(differences: Floats) -> PairDifferences:
    """Users each of whom liked one post that nobody else liked."""
    own = np.arange(len(differences))
    return PairDifferences(users=own, posts=own, shares=np.ones(len(own)), differences=differences)


def of_each_user(pairs: PairDifferences) -> Floats:
    """The difference of each user. -> (n_users,)"""
    return np.asarray(np.bincount(pairs.users, pairs.differences), dtype=np.float64)


def mean_figure(noise: Noise, scale: float, generator: np.random.Generator) -> float:
    """The NDCG@10 of a ranker that errs so much, in twelve worlds of 300 users."""
    figures = []
    for _ in range(12):
        world = World.of(generator, n_users=300)
        gains = _gains(world, [scale * world.errors(noise, generator)], generator)
        figures.append(gains.gains[0].sum() / 300)
    return float(np.mean(figures))


def _gains(
    world: World, errors: list[Floats], generator: np.random.Generator, *, asked: NDArray[np.bool_] | None = None
) -> PairGains:
    """The gains of rankers with these errors from what the users like next."""
    users = np.arange(len(world.taste)) if asked is None else np.flatnonzero(asked)
    liked = world.liked(generator)[users]
    lists = np.stack([np.argsort(-(world.taste + error)[users], axis=1)[:, :LIST_LENGTH] for error in errors])
    return pair_gains_of(lists, liked, users, np.arange(POSTS), lambda users, _: LikeSources.unknown(len(users)))


def _pooled(days: list[PairGains]) -> PairGains:
    """Each user counts with the mean of their days."""
    users, counts = np.unique(np.concatenate([np.unique(day.user_id_hashes) for day in days]), return_counts=True)
    return PairGains.joined(days, n_systems=2).averaged(users, counts)


def _differences(gains: PairGains) -> PairDifferences:
    users = np.unique(gains.user_id_hashes, return_inverse=True)[1]
    return PairDifferences(
        users=users, posts=gains.posts, shares=gains.shares, differences=gains.gains[0] - gains.gains[1]
    )
