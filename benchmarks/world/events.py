"""Draws interactions, post by post in the order of their times, in blocks of bounded size. Pure.

Most users whom a post reaches are fans of its topic, drawn by how active they are; the others are anybody. Nobody meets
a post twice. A table filled in this order is nearly ordered by time, as an app's is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.world.shape import Floats, Int64s, World
from shared.distinct import distinct
from shared.domain import InteractionKind

BLOCK = 250_000  # interactions drawn at once, about
BY_TASTE = 0.7  # share of interactions that come from a topic's fans
DELAY_HOURS = 36.0  # mean time from a post to an interaction
BY_LOT = 8  # draws after which whoever is left is drawn evenly: a topic's fans may be used up
MOST_DRAWS = 200
# What people do with what they like, and with other things; each sums to 1.
KINDS = (
    InteractionKind.VIEW,
    InteractionKind.LIKE,
    InteractionKind.COMMENT,
    InteractionKind.SAVE,
    InteractionKind.SHARE,
    InteractionKind.HIDE,
)
OF_FANS = np.cumsum([0.45, 0.40, 0.06, 0.05, 0.03, 0.01])
OF_OTHERS = np.cumsum([0.80, 0.14, 0.02, 0.01, 0.01, 0.02])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Interactions of a run of posts, as columns of one length."""

    users: Int64s  # numbers
    posts: Int64s  # numbers
    kinds: npt.NDArray[np.int8]  # places in KINDS
    at: Floats  # seconds since 1970

    def __len__(self) -> int:
        return len(self.at)


def blocks_of(world: World) -> Iterator[Block]:
    """All interactions, block by block."""
    ends = np.cumsum(world.reach)
    start = 0
    while start < world.size.posts:
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        if ends[end - 1] > before:
            yield _block(world, start, end)
        start = end


def _block(world: World, start: int, end: int) -> Block:
    chance = np.random.default_rng([world.seed, 1, start])
    posts, users = _pairs(world, chance, start, end)
    is_fan = (world.tastes[users] == world.topic[posts][:, None]).any(axis=1)
    lot = chance.random(len(users))
    kinds = np.where(is_fan, np.searchsorted(OF_FANS, lot), np.searchsorted(OF_OTHERS, lot))
    return Block(
        users=users,
        posts=posts,
        kinds=np.minimum(kinds, len(KINDS) - 1).astype(np.int8),
        at=_times(world, chance, posts),
    )


def _pairs(world: World, chance: np.random.Generator, start: int, end: int) -> tuple[Int64s, Int64s]:
    """Distinct pairs of post and user, as many of each post as it reaches, by post."""
    wanted, n_users = world.reach[start:end], world.size.users
    pairs, missing = np.empty(0, np.int64), wanted
    for draw in range(MOST_DRAWS):
        posts = np.repeat(np.arange(end - start), missing)
        evenly = draw >= BY_LOT
        users = chance.integers(0, n_users, len(posts)) if evenly else _drawn(world, chance, posts + start)
        pairs = distinct(np.concatenate([pairs, posts * n_users + users]))
        missing = wanted - np.bincount(pairs // n_users, minlength=end - start)
        if not missing.any():
            return pairs // n_users + start, pairs % n_users
    raise AssertionError("a post reaches at most a part of the users, so an even draw ends")


def _drawn(world: World, chance: np.random.Generator, posts: Int64s) -> Int64s:
    """A user for each post: a fan of its topic, or anybody, by how active they are."""
    topics = world.topic[posts]
    first, last = world.fans_of[topics], world.fans_of[topics + 1]
    low = np.where(first > 0, world.fan_sums[first - 1], 0.0)
    high = np.where(last > 0, world.fan_sums[last - 1], 0.0)
    lot = chance.random(len(posts))
    fans = np.minimum(np.searchsorted(world.fan_sums, low + lot * (high - low), side="right"), len(world.fans) - 1)
    anybody = np.searchsorted(world.everyone, lot * world.everyone[-1], side="right")
    by_taste = (chance.random(len(posts)) < BY_TASTE) & (last > first)
    users: Int64s = np.where(by_taste, world.fans[fans], np.minimum(anybody, world.size.users - 1)).astype(np.int64)
    return users


def _times(world: World, chance: np.random.Generator, posts: Int64s) -> Floats:
    """Soon after the post as a rule; never before it, never after now."""
    born, now = world.created_at[posts], world.now.timestamp()
    at = born + chance.exponential(DELAY_HOURS * 3600.0, len(posts))
    return np.where(at <= now, at, born + chance.random(len(posts)) * (now - born))
