"""Batches of users: which of their likes are shown as history, which are asked for, and against which posts."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from s02_train_neucf.data.dataset import LikeMatrix, TrainingSet
    from s02_train_neucf.learning.recipe import Recipe

Int64s = NDArray[np.int64]

SHOWN_SHARE = 0.5  # of a user's likes that become history, where there is no order in time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DislikedPosts:
    """Posts of a step that some of its users turned away from."""

    user: Int64s  # (n_shunned,) places of users
    post: Int64s  # (n_shunned,) places of posts
    weight: NDArray[np.float32]  # (n_shunned,) as how many posts each counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """One step's users and posts. Places count within the batch's own posts."""

    user_rows: Int64s  # (n_users,)
    post_rows: Int64s  # (n_posts,) ascending, never row 0
    chance: NDArray[np.float32]  # (n_posts,) how likely each post was to be in this batch; 1 when all are
    shown: Int64s  # (n_shown,) places of history posts, user after user
    history_starts: Int64s  # (n_users,)
    history_users: Int64s  # (n_shown,) places of users
    target_users: Int64s  # (n_asked,) places of users
    target_posts: Int64s  # (n_asked,) places of posts
    target_at: NDArray[np.float64]  # (n_asked,) seconds
    target_weights: NDArray[np.float32] | None = None  # (n_asked,) None: all alike
    disliked: DislikedPosts | None = None


def batches_of(
    data: "TrainingSet", recipe: "Recipe", *, history: bool, generator: np.random.Generator
) -> Iterator[Batch]:
    """One epoch: every user with a like once, or as often as makes enough steps, in a random order."""
    users = np.flatnonzero(data.likes.counts)
    size = users_in_a_step(len(users), recipe)
    times = -(-recipe.steps_per_epoch // -(-len(users) // size))  # both rounded up
    in_order = recipe.in_time_order and float(np.ptp(data.liked_at)) > 0  # data without times has no order
    parts = (part for _ in range(times) for part in _shuffled_parts(users, size, generator))
    for chosen in islice(parts, recipe.max_steps):
        likes, own = data.likes.take(chosen), data.likes.indices(chosen)
        at = data.liked_at[own]
        if not history:
            shown = np.zeros(len(at), dtype=np.bool_)
        else:
            shown = _is_shown(likes, at, generator) if in_order else _shown_by_chance(likes, generator)
        rows, chance = _posts_of(data, likes, recipe.max_posts, generator)
        has_every_post = len(rows) == data.posts.n_rows - 1
        indices, user = likes.posts - 1 if has_every_post else np.searchsorted(rows, likes.posts), likes.users
        n_shown = np.bincount(user[shown], minlength=len(chosen))
        yield Batch(
            user_rows=chosen,
            post_rows=rows,
            chance=chance,
            shown=indices[shown],
            history_starts=np.r_[0, np.cumsum(n_shown)[:-1]],
            history_users=user[shown],
            target_users=user[~shown],
            target_posts=indices[~shown],
            target_at=at[~shown],
            target_weights=_weights(data, own[~shown]),
            disliked=_shunned(data, chosen, rows),
        )


def _weights(data: "TrainingSet", indices: Int64s) -> NDArray[np.float32] | None:
    if data.event_weights is None or data.event_weights.likes is None:
        return None
    return data.event_weights.likes[indices]


def _shunned(data: "TrainingSet", users: Int64s, post_rows: Int64s) -> DislikedPosts | None:
    """What these users turned away from, of the posts of the step: none is drawn for it, so that `chance` holds."""
    if data.event_weights is None or data.event_weights.disliked is None:
        return None
    theirs = data.event_weights.disliked.take(users)
    weight = data.event_weights.disliked_weights[data.event_weights.disliked.indices(users)]
    place = np.minimum(np.searchsorted(post_rows, theirs.posts), len(post_rows) - 1)
    here = post_rows[place] == theirs.posts
    return DislikedPosts(user=theirs.users[here], post=place[here], weight=weight[here])


def users_in_a_step(n_users: int, recipe: "Recipe") -> int:
    """More where there are many, so that an epoch of a large app has fewer, larger steps."""
    return min(max(n_users // recipe.steps_per_epoch, recipe.batch_users), recipe.max_batch_users)


def _shuffled_parts(users: Int64s, size: int, generator: np.random.Generator) -> list[Int64s]:
    order = generator.permutation(users)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _is_shown(likes: "LikeMatrix", order: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which likes become history: from none to all but one of each user's, the earliest by `order`, ties at random."""
    ranked = np.lexsort((generator.random(len(order)), order, likes.users))
    place = np.empty(len(order), dtype=np.int64)
    place[ranked] = np.arange(len(order))
    n_shown = np.floor(generator.random(likes.n_users) * likes.counts)  # (n_users,) less than each count
    shown: NDArray[np.bool_] = place < np.repeat(likes.starts[:-1] + n_shown, likes.counts)
    return shown


def _shown_by_chance(likes: "LikeMatrix", generator: np.random.Generator) -> NDArray[np.bool_]:
    """Half of the likes become history, but never all of a user's."""
    chance = generator.random(len(likes.posts))
    has_any = likes.counts > 0
    largest = np.maximum.reduceat(chance, likes.starts[:-1][has_any])  # of each user with a like
    shown: NDArray[np.bool_] = (chance < SHOWN_SHARE) & (chance < np.repeat(largest, likes.counts[has_any]))
    return shown


def _posts_of(
    data: "TrainingSet", likes: "LikeMatrix", max_posts: int, generator: np.random.Generator
) -> tuple[Int64s, NDArray[np.float32]]:
    """The posts of a step: all, or those of the batch's likes and some even draws, with the chance of each.

    The chance corrects the softmax (Bengio and Senécal 2008; Yi et al., RecSys 2019): without it, posts that are
    liked often would be pushed down for being in every batch.
    """
    every = data.post_rows()
    if len(every) <= max_posts:
        return every, np.ones(len(every), dtype=np.float32)
    rows = np.union1d(likes.posts, generator.choice(every, size=max_posts, replace=False))
    not_drawn = (1.0 - data.liked_by[rows]) ** likes.n_users * (1.0 - max_posts / len(every))
    return rows, np.maximum(1.0 - not_drawn, 1e-6).astype(np.float32)
