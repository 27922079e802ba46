"""How large a world is, and what is drawn once: topics, popularity, tastes, times of posts. Pure."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from benchmarks.errors import BenchmarkRefused

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

TASTES = 3  # topics that a user likes
TASTE_SHARES = (0.6, 0.3, 0.1)  # of a user's attention, first taste first
POPULARITY_POWER = 0.8  # the r-th post gets r^-0.8 of what the first one gets; photo sharing sites lie at 0.6 to 1
ACTIVITY_POWER = 0.6
AUTHOR_SHARE = 0.1  # of users who post
LARGEST_SHARE = 0.3  # of users that one post reaches at most
DENSEST = 0.1  # interactions in parts of all pairs of a user and a post
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of everything."""

    users: int
    posts: int
    interactions: int
    blocks: int = 0
    days: float = 90.0  # over which the posts were made
    topics: int = 64

    def __post_init__(self) -> None:
        most = int(self.users * self.posts * DENSEST)
        if self.interactions > most:
            raise BenchmarkRefused(
                f"interactions: got {self.interactions:,}, expected at most {most:,} for {self.users:,} users"
                f" and {self.posts:,} posts"
            )

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.posts:,} posts, {self.interactions:,} interactions"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """What was drawn once. Posts are numbered in the order of their times, users by lot."""

    size: Size
    seed: int
    now: datetime
    topic: Int32s  # (n_posts,)
    reach: Int64s  # (n_posts,) interactions of each post; their sum is `size.interactions`
    created_at: Floats  # (n_posts,) seconds since 1970, ascending
    author: Int32s  # (n_posts,) number of a user
    tastes: Int32s  # (n_users, TASTES) topics, the dearest first
    everyone: Floats  # (n_users,) sums of activity, for drawing a user by activity
    fans: Int32s  # (n_users × TASTES,) users in the order of the topics that they like
    fan_sums: Floats  # (n_users × TASTES,) sums of their attention
    fans_of: Int64s  # (n_topics + 1,) where each topic's fans begin


def make_world(size: Size, *, seed: int, now: datetime) -> World:
    """Draw what is drawn once; the same seed gives the same world, moved to `now`."""
    chance = np.random.default_rng([seed, 0])
    activity = chance.permutation(_power_law(size.users, ACTIVITY_POWER))
    tastes = _tastes(chance, size)
    attention = (activity[:, None] * np.array(TASTE_SHARES)).ravel()
    by_topic = np.argsort(tastes.ravel(), kind="stable")
    users = np.repeat(np.arange(size.users, dtype=np.int32), TASTES)
    first, last = now.timestamp() - size.days * SECONDS_PER_DAY, now.timestamp()
    n_authors = max(1, int(size.users * AUTHOR_SHARE))
    return World(
        size=size,
        seed=seed,
        now=now,
        topic=chance.integers(0, size.topics, size.posts).astype(np.int32),
        reach=_reach(chance, size),
        created_at=np.sort(chance.uniform(first, last, size.posts)),
        author=(n_authors * chance.random(size.posts) ** 2).astype(np.int32),
        tastes=tastes,
        everyone=np.cumsum(activity),
        fans=users[by_topic],
        fan_sums=np.cumsum(attention[by_topic]),
        fans_of=np.searchsorted(tastes.ravel()[by_topic], np.arange(size.topics + 1)),
    )


def _tastes(chance: np.random.Generator, size: Size) -> Int32s:
    """Different topics for each user; popular topics have more fans. -> (n_users, TASTES)"""
    first = (size.topics * chance.random(size.users) ** 1.5).astype(np.int32)
    steps = chance.integers(1, max(2, size.topics // TASTES), (size.users, TASTES - 1))
    return np.column_stack([first, (first[:, None] + np.cumsum(steps, axis=1)) % size.topics]).astype(np.int32)


def _reach(chance: np.random.Generator, size: Size) -> Int64s:
    """How many interactions each post has: a power law, cut off where a post would reach too many users."""
    weights = chance.permutation(_power_law(size.posts, POPULARITY_POWER))
    most = max(1, int(size.users * LARGEST_SHARE))
    shares = weights * (size.interactions / weights.sum())
    for _ in range(50):  # what is cut off goes to the others
        over = float(np.maximum(shares - most, 0).sum())
        if over < 1:
            break
        shares = np.minimum(shares, most)
        room = shares < most
        shares[room] *= 1 + over / shares[room].sum()
    ends = np.floor(np.cumsum(np.minimum(shares, most)) + 0.5)
    ends[-1] = size.interactions
    return np.diff(ends, prepend=0).astype(np.int64)


def _power_law(n: int, power: float) -> Floats:
    return (np.arange(n, dtype=np.float64) + 1.0) ** -power
