"""Batches of pairs: single likes, each with a few posts that its user did not like, drawn for many likes at once.

Batches of users (`batches`) share the work of a history among the likes of a user. Where there is no history there is
nothing to share, and steps of few pairs learn more from an epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.dataset import Likes, TrainingSet
from s02_train_neucf.recipe import Loss, Recipe
from s02_train_neucf.sample import sample_negatives
from shared.errors import TrainingRefused
from shared.neucf.config import NeuCFConfig

Int64s = NDArray[np.int64]

LIKES_AT_ONCE = 2**18  # whose negatives are drawn together: at four each 10 MB
MAX_CELLS = 2**28  # users × posts up to which a table of them says what is liked: 256 MB
ROUNDS = 8  # of redraws before the exact way


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """One step's likes, each with its negatives."""

    user_rows: Int64s  # (n_likes,)
    post_rows: Int64s  # (n_likes, 1 + negatives) the liked post comes first; 0 where there was nothing to draw


def learns_from_pairs(config: NeuCFConfig, recipe: Recipe) -> bool:
    """Whether the recipe asks for steps of pairs.

    Raises:
        TrainingRefused: it does, for a model that they do not fit.
    """
    if not recipe.step_samples:
        return False
    unfit = {
        "loss": recipe.loss is not Loss.BCE,
        "history": config.history,
        "image_width, caption_width": bool(config.image_width or config.caption_width),
        "dropout, id_dropout": bool(config.dropout or config.id_dropout),
    }
    for name, is_so in unfit.items():
        if is_so:
            raise TrainingRefused(
                f"step_samples: got {recipe.step_samples} with another {name} than pairs learn from, expected the loss "
                "bce and a model of ids alone, without history, content or dropout; or 0, for steps of users"
            )
    return True


class PairDraws:
    """Draws the pairs of each epoch; holds what all epochs share."""

    def __init__(self, data: TrainingSet, recipe: Recipe, generator: np.random.Generator) -> None:
        self._data, self._negatives, self._generator = data, recipe.negatives, generator
        self._size = max(1, recipe.step_samples // (1 + recipe.negatives))
        self._users = data.likes.users
        self._all_older = float(data.created_at.max()) <= float(data.liked_at.min())
        self._liked = _table(data.likes)

    def epoch(self) -> Iterator[Pairs]:
        """Every like once, in a random order."""
        order = self._generator.permutation(len(self._users))
        at_once = max(1, LIKES_AT_ONCE // self._size) * self._size
        for start in range(0, len(order), at_once):
            likes = order[start : start + at_once]
            users = self._users[likes]
            posts = np.column_stack((self._data.likes.posts[likes], self._drawn(likes, users)))
            for first in range(0, len(likes), self._size):
                part = slice(first, first + self._size)
                yield Pairs(user_rows=users[part], post_rows=posts[part])

    def _drawn(self, likes: Int64s, users: Int64s) -> Int64s:
        """(n_likes,) -> (n_likes, negatives)"""
        if self._liked is None or not self._all_older:
            return sample_negatives(
                users,
                self._data.liked_at[likes],
                self._data.likes,
                self._data.created_at,
                self._negatives,
                self._generator,
            )
        n_posts = self._data.posts.n_rows
        base = np.repeat(users * n_posts, self._negatives)
        drawn = self._generator.integers(1, n_posts, len(base))
        again = np.flatnonzero(self._liked[base + drawn])
        for _ in range(ROUNDS):
            if len(again) == 0:
                return drawn.reshape(len(users), self._negatives)
            drawn[again] = self._generator.integers(1, n_posts, len(again))
            again = again[self._liked[base[again] + drawn[again]]]
        rest = again // self._negatives  # of those who like almost everything
        at, created_at = self._data.liked_at[likes[rest]], self._data.created_at
        exactly = sample_negatives(users[rest], at, self._data.likes, created_at, 1, self._generator)
        drawn[again] = exactly[:, 0]
        return drawn.reshape(len(users), self._negatives)


def _table(likes: Likes) -> NDArray[np.bool_] | None:
    """Whether each user likes each post, flattened; None where that is too large."""
    if likes.n_users * likes.n_posts > MAX_CELLS:
        return None
    table = np.zeros(likes.n_users * likes.n_posts, dtype=np.bool_)
    table[likes.users * likes.n_posts + likes.posts] = True
    return table
