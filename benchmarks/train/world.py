"""A world of likes with latent tastes and power-law popularity, from a seed; one like of each user is held back."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TASTES = 16  # latent dimensions
SPREAD = 1.5  # of how much tastes say, in log-odds
USERS_AT_ONCE = 512
NEGATIVES = 99  # drawn for each held-back like, as in the NCF paper

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the world is. Every user gets at least three likes, so the number of likes is met nearly."""

    users: int
    posts: int
    likes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """What is trained on and what is asked. Users and posts count from 0."""

    shape: Shape
    train: Int64s  # (n_likes, 2) user, post
    asked: Int64s  # (n_users, 2) the like that is held back of each user
    negatives: Int64s  # (n_users, NEGATIVES) posts that the user does not like

    def write(self, path: Path) -> None:
        """For the processes of the systems."""
        shape = np.array([self.shape.users, self.shape.posts])
        np.savez(path, shape=shape, train=self.train, asked=self.asked, negatives=self.negatives)


def make_world(shape: Shape, seed: int) -> World:
    """Equal seeds give equal worlds."""
    chance = np.random.default_rng(seed)
    popularity = -0.8 * np.log(1 + np.arange(shape.posts))  # log of a power law
    of_posts = chance.normal(size=(shape.posts, TASTES)).astype(np.float32)
    weight = chance.lognormal(0.0, 1.0, shape.users)
    counts = np.clip((weight / weight.sum() * shape.likes).astype(np.int64), 3, shape.posts // 3)
    likes, asked, negatives = [], [], []
    for start in range(0, shape.users, USERS_AT_ONCE):
        mine = counts[start : start + USERS_AT_ONCE]
        of_users = chance.normal(size=(len(mine), TASTES)).astype(np.float32)
        wish = popularity + SPREAD / np.sqrt(TASTES) * (of_users @ of_posts.T)
        order = np.argsort(-(wish + chance.gumbel(size=wish.shape)), axis=1)  # draws without replacement
        for user, n in enumerate(mine):
            liked = chance.permutation(order[user, :n])
            likes.append(np.column_stack((np.full(n - 1, start + user), liked[1:])))
            asked.append((start + user, liked[0]))
            negatives.append(chance.choice(order[user, n:], NEGATIVES, replace=False))
    return World(
        shape=shape,
        train=np.concatenate(likes).astype(np.int64),
        asked=np.array(asked, dtype=np.int64),
        negatives=np.array(negatives, dtype=np.int64),
    )
