"""Negatives: posts that a user could have liked at the time and did not."""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.dataset import Likes

ROUNDS = 20  # redraws before the exact way; at half of all posts liked, one draw in a million is left by then

Int64s = NDArray[np.int64]


def sample_negatives(
    users: Int64s,
    at: NDArray[np.float64],
    likes: Likes,
    created_at: NDArray[np.float64],
    n_negatives: int,
    generator: np.random.Generator,
) -> Int64s:
    """Draw posts evenly among those that existed and that the user never liked.

    Args:
        users: (n_examples,) user rows.
        at: (n_examples,) seconds; a post created later is not drawn.
        likes: everything that users like, in training; row 0 is never drawn.
        created_at: (n_post_rows,) seconds.
        n_negatives: draws per example.
        generator: the only source of chance.

    Returns:
        (n_examples, n_negatives) post rows; 0 where the user likes everything that existed.
    """
    by_age = 1 + np.argsort(created_at[1:], kind="stable")  # post rows, oldest first
    n_existing = np.searchsorted(created_at[by_age], at, side="right")  # (n_examples,)
    user = np.repeat(users, n_negatives)
    limit = np.repeat(n_existing, n_negatives)
    drawn = np.zeros(len(user), dtype=np.int64)
    open_places = np.flatnonzero(limit > 0)
    for _ in range(ROUNDS):
        drawn[open_places] = by_age[generator.integers(0, limit[open_places])]
        open_places = open_places[likes.contains(user[open_places], drawn[open_places])]
        if len(open_places) == 0:
            break
    for place in open_places:
        drawn[place] = _draw_exactly(likes, user[place], by_age[: limit[place]], generator)
    return drawn.reshape(len(users), n_negatives)


def _draw_exactly(likes: Likes, user: np.int64, existing: Int64s, generator: np.random.Generator) -> int:
    """One of the few posts that are left for someone who likes almost everything; 0 when none is left."""
    left = np.setdiff1d(existing, likes.posts[likes.starts[user] : likes.starts[user + 1]])
    return int(generator.choice(left)) if len(left) else 0
