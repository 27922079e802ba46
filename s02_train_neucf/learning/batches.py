"""Batches of users: which of their likes are input (history), which are targets, and which posts compete.

`NextLikes` is for models that read the order of likes: its batches are of moments, a user just before a like of theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.neucf.recent_likes import latest_likes

if TYPE_CHECKING:
    from s02_train_neucf.data.dataset import LikeMatrix, TrainingSet
    from s02_train_neucf.learning.recipe import Recipe

Int64s = NDArray[np.int64]

HISTORY_SHARE = 0.5  # of a user's likes, where there is no order in time
PARTS = 16  # of all likes: an epoch asks for one of them, so that validation comes often enough
LEAST_DRAWN = 1 / 8  # of the posts of a step, at least: what is liked rarely must compete too


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DislikedPosts:
    """Posts of a batch that some of its users hid or ignored."""

    user: Int64s  # (n_disliked,) indices of users
    post: Int64s  # (n_disliked,) indices of posts
    weight: NDArray[np.float32]  # (n_disliked,) as how many posts each counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """The users and posts of one step. Indices are those of the batch's own users and posts."""

    user_rows: Int64s  # (n_users,)
    post_rows: Int64s  # (n_posts,) ascending, never row 0
    inclusion_probability: NDArray[np.float32]  # (n_posts,) of each post in this batch; 1 if all posts are in it
    history_posts: Int64s  # (n_history,) indices of liked posts that are input, user by user
    history_starts: Int64s  # (n_users,)
    history_users: Int64s  # (n_history,) indices of users
    target_users: Int64s  # (n_targets,) indices of users
    target_posts: Int64s  # (n_targets,) indices of posts
    target_at: NDArray[np.float64]  # (n_targets,) seconds
    target_weights: NDArray[np.float32] | None = None  # (n_targets,) None: all alike
    disliked: DislikedPosts | None = None
    latest: Int64s | None = None  # (n_users, n) indices of the posts that each liked last; None: order does not count


def batches_of(
    data: "TrainingSet", recipe: "Recipe", *, history: bool, generator: np.random.Generator
) -> Iterator[Batch]:
    """The batches of one epoch: every user with a like, repeated if needed for enough steps, in random order."""
    users = np.flatnonzero(data.likes.counts)
    size = users_in_a_step(len(users), recipe)
    times = -(-recipe.steps_per_epoch // -(-len(users) // size))  # both rounded up
    in_order = recipe.in_time_order and data.has_order
    n_drawn = posts_drawn(data.liked_by, size, recipe.max_posts)
    parts = (part for _ in range(times) for part in _shuffled_parts(users, size, generator))
    for chosen in islice(parts, recipe.max_steps):
        likes, own = data.likes.take(chosen), data.likes.indices(chosen)
        at = data.liked_at[own]
        if not history:
            in_history = np.zeros(len(at), dtype=np.bool_)
        else:
            in_history = _earlier_likes(likes, at, generator) if in_order else _random_likes(likes, generator)
        rows, chance = posts_of_step(data.liked_by, likes.posts, likes.n_users, n_drawn, generator)
        has_every_post = len(rows) == data.posts.n_rows - 1
        indices, user = likes.posts - 1 if has_every_post else np.searchsorted(rows, likes.posts), likes.users
        n_history = np.bincount(user[in_history], minlength=len(chosen))
        yield Batch(
            user_rows=chosen,
            post_rows=rows,
            inclusion_probability=chance,
            history_posts=indices[in_history],
            history_starts=np.r_[0, np.cumsum(n_history)[:-1]],
            history_users=user[in_history],
            target_users=user[~in_history],
            target_posts=indices[~in_history],
            target_at=at[~in_history],
            target_weights=like_weights(data, own[~in_history]),
            disliked=disliked_posts(data, chosen, rows),
        )


class NextLikes:
    """Batches of moments: what a user had liked until then is the history, and what came next the targets."""

    def __init__(self, data: "TrainingSet", recipe: "Recipe", *, recent: int) -> None:
        self.data, self.recipe, self.recent = data, recipe, recent
        users = data.likes.users
        self.order = np.lexsort((data.liked_at, users))  # of equal times, the lower post row first
        self.users, self.posts = users, data.likes.posts[self.order]  # (n_likes,)
        # A like is in the history of all later moments of its user, and a target of the `next_likes` moments up to it.
        earlier = np.arange(len(users)) - data.likes.starts[users]  # likes of the same user
        n_moments = data.likes.counts[users] - np.maximum(0, earlier - recipe.next_likes + 1)
        self.brought_by = np.bincount(self.posts, n_moments, data.posts.n_rows) / max(1, len(users))  # (n_post_rows,)
        self.n_drawn = posts_drawn(self.brought_by, recipe.batch_moments, recipe.max_posts)

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch: moments in a random order, each of all moments about equally often."""
        recipe, n = self.recipe, len(self.order)
        size = min(recipe.batch_moments, n)
        steps = min(max(recipe.steps_per_epoch, -(-n // (size * PARTS))), recipe.max_steps)
        for moments in islice(self._parts(size, generator), steps):
            yield self._batch(moments, generator)

    def _parts(self, size: int, generator: np.random.Generator) -> Iterator[Int64s]:
        """Without end: all moments in a random order, and again in another one."""
        n = len(self.order)
        while True:
            shuffled = generator.permutation(n)
            yield from (shuffled[start : start + size] for start in range(0, n - size + 1, size))

    def _batch(self, moments: Int64s, generator: np.random.Generator) -> Batch:
        """The batch of the moments before these likes."""
        data, recipe = self.data, self.recipe
        users = self.users[moments]
        first, end = data.likes.starts[users], data.likes.starts[users + 1]
        history, n_history = _ranges(first, moments)
        targets, n_targets = _ranges(moments, np.minimum(moments + recipe.next_likes, end))
        posts = self.posts[np.r_[history, targets]]
        rows, chance = posts_of_step(self.brought_by, posts, len(users), self.n_drawn, generator)
        indices = posts - 1 if len(rows) == data.posts.n_rows - 1 else np.searchsorted(rows, posts)
        starts = np.r_[0, np.cumsum(n_history)[:-1]]
        of_targets = np.repeat(np.arange(len(users)), n_targets)
        later = np.arange(len(targets)) - np.repeat(np.cumsum(n_targets) - n_targets, n_targets)
        weights = (recipe.next_share**later).astype(np.float32)
        weights /= np.bincount(of_targets, weights, len(users)).astype(np.float32)[of_targets]
        own = like_weights(data, self.order[targets])
        return Batch(
            user_rows=users,
            post_rows=rows,
            inclusion_probability=chance,
            history_posts=indices[: len(history)],
            history_starts=starts,
            history_users=np.repeat(np.arange(len(users)), n_history),
            target_users=of_targets,
            target_posts=indices[len(history) :],
            target_at=data.liked_at[self.order[targets]],
            target_weights=weights if own is None else weights * own,
            disliked=disliked_posts(data, users, rows),
            latest=latest_likes(indices[: len(history)], starts, self.recent),
        )


def _ranges(first: Int64s, end: Int64s) -> tuple[Int64s, Int64s]:
    """All whole numbers of some ranges, one after the other, and how many each has. (n,), (n,) -> (sum,), (n,)"""
    counts = end - first
    starts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(first - starts, counts), counts


def like_weights(data: "TrainingSet", indices: Int64s) -> NDArray[np.float32] | None:
    """The weights of these likes as targets; None: all alike."""
    if data.event_weights is None or data.event_weights.likes is None:
        return None
    return data.event_weights.likes[indices]


def disliked_posts(data: "TrainingSet", users: Int64s, post_rows: Int64s) -> DislikedPosts | None:
    """What these users hid or ignored among the posts of the step. No post is added for it: that would change
    `inclusion_probability`.
    """
    if data.event_weights is None or data.event_weights.disliked is None:
        return None
    disliked = data.event_weights.disliked.take(users)
    weight = data.event_weights.disliked_weights[data.event_weights.disliked.indices(users)]
    index = np.minimum(np.searchsorted(post_rows, disliked.posts), len(post_rows) - 1)
    here = post_rows[index] == disliked.posts
    return DislikedPosts(user=disliked.users[here], post=index[here], weight=weight[here])


def users_in_a_step(n_users: int, recipe: "Recipe") -> int:
    """Users per step: more in a large app, so that its epochs have fewer, larger steps."""
    return min(max(n_users // recipe.steps_per_epoch, recipe.batch_users), recipe.max_batch_users)


def _shuffled_parts(users: Int64s, size: int, generator: np.random.Generator) -> list[Int64s]:
    order = generator.permutation(users)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _earlier_likes(
    likes: "LikeMatrix", order: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Which likes become history: a random number of each user's earliest ones, but not all; ties at random."""
    ranked = np.lexsort((generator.random(len(order)), order, likes.users))
    index = np.empty(len(order), dtype=np.int64)
    index[ranked] = np.arange(len(order))
    n_history = np.floor(generator.random(likes.n_users) * likes.counts)  # (n_users,) less than each count
    in_history: NDArray[np.bool_] = index < np.repeat(likes.starts[:-1] + n_history, likes.counts)
    return in_history


def _random_likes(likes: "LikeMatrix", generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which likes become history: a random half, but never all of a user's."""
    chance = generator.random(len(likes.posts))
    has_any = likes.counts > 0
    largest = np.maximum.reduceat(chance, likes.starts[:-1][has_any])  # of each user with a like
    in_history: NDArray[np.bool_] = (chance < HISTORY_SHARE) & (chance < np.repeat(largest, likes.counts[has_any]))
    return in_history


def posts_drawn(brought_by: NDArray[np.float64], n_users: int, max_posts: int) -> int:
    """How many posts a step draws from all, besides those that it must have: about as many as `max_posts` leaves.

    Args:
        brought_by: (n_post_rows,) share of what a step draws (users, or moments of them) that bring each post in.
        n_users: drawn for a step.
        max_posts: in a step, about.
    """
    n_posts = len(brought_by) - 1
    if n_posts <= max_posts:
        return n_posts
    expected = float((1.0 - (1.0 - brought_by[1:]) ** n_users).sum())
    return max(round(LEAST_DRAWN * max_posts), max_posts - round(expected))


def posts_of_step(
    brought_by: NDArray[np.float64], liked: Int64s, n_users: int, n_drawn: int, generator: np.random.Generator
) -> tuple[Int64s, NDArray[np.float32]]:
    """The posts of a step and the probability of each to be in it: all posts, or liked ones and a uniform sample.

    The probability corrects the softmax (Bengio and Senécal 2008; Yi et al., RecSys 2019): without it, posts that are
    liked often would be ranked too low, because they are in every batch.

    Args:
        brought_by: (n_post_rows,) share of what a step draws (users, or moments of them) that bring each post in.
        liked: post rows that must be in the step.
        n_users: drawn for the step.
        n_drawn: from all posts, evenly; all of them: none is left out.
        generator: of the draw.
    """
    every = np.arange(1, len(brought_by))
    if n_drawn >= len(every):
        return every, np.ones(len(every), dtype=np.float32)
    rows = np.union1d(liked, generator.choice(every, size=n_drawn, replace=False))
    not_drawn = (1.0 - brought_by[rows]) ** n_users * (1.0 - n_drawn / len(every))
    return rows, np.maximum(1.0 - not_drawn, 1e-6).astype(np.float32)
