"""Scoring users with posts in bounded memory, and the exact best k; the training's report and serving share it."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from shared.errors import ScoringRefused
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF, PostSide, UserSide, taste_of
from shared.neucf.vocab import Rows

POSTS_AT_ONCE = 8192  # posts whose content is taken at a time: 8192 × 1280 floats are 42 MB
CELLS_AT_ONCE = 2**15  # user–post pairs in one call: at a first layer of 16 that is 2 MB, which stays in the caches
NO_POST = -1  # stands in a list after its last post
LOWER_HALF = np.uint64(0xFFFF_FFFF)  # of an ordering key: the place
DROPPED = LOWER_HALF << np.uint64(32)  # upper half of an ordering key; no finite float32 has it


def blocks(n: int, size: int) -> Iterator[slice]:
    """Slices that cover 0…n, each at most `size` long."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


@torch.no_grad()
def vectors_of(model: NeuCF, rows: Rows, features: PostFeatures, device: torch.device) -> torch.Tensor:
    """Post vectors of a column of posts, joined block by block. -> (n_posts, width)"""
    parts = [
        model.post_vectors(model.post_input(torch.from_numpy(rows[part]).to(device), features.take(_places(part))))
        for part in blocks(len(rows), POSTS_AT_ONCE)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, model.config.width, device=device)


@torch.no_grad()
def post_side_of(model: NeuCF, rows: Rows, features: PostFeatures, device: torch.device) -> PostSide:
    """The post side of a column of posts, computed once for all users."""
    return model.post_side_of(vectors_of(model, rows, features, device), torch.from_numpy(rows).to(device))


@torch.no_grad()
def user_side_of(
    model: NeuCF, rows: Rows, liked: NDArray[np.int64], starts: NDArray[np.int64], vectors: torch.Tensor
) -> UserSide:
    """The user side of a column of users.

    Args:
        rows: (n_users,) rows in the model, 0 = unknown.
        liked: (n_likes,) places in `vectors`, user after user; a post need not have a row in the model.
        starts: (n_users,) where each user's likes begin.
        vectors: (n_posts, width) from `vectors_of`.
    """
    device = vectors.device
    if len(vectors) == 0:  # nobody likes anything: there is no taste to take the mean of
        return model.user_side(torch.from_numpy(rows).to(device))
    taste = taste_of(vectors, torch.from_numpy(liked).to(device), torch.from_numpy(starts).to(device))
    return model.user_side(torch.from_numpy(rows).to(device), taste)


@torch.no_grad()
def scores_of(model: NeuCF, users: UserSide, posts: PostSide) -> NDArray[np.float32]:
    """Scores of some users with all posts. -> (n_users, n_posts)

    Raises:
        ScoringRefused: a score is NaN or infinite.
    """
    n_users = len(users.gmf)
    parts = [model.score_block(users, posts[part]) for part in blocks(len(posts), max(1, CELLS_AT_ONCE // n_users))]
    scores: NDArray[np.float32] = torch.cat(parts, dim=1).cpu().numpy()
    return refuse_non_finite(scores)


def refuse_non_finite(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same scores, or ScoringRefused when one is NaN or infinite."""
    bad = int(np.count_nonzero(~np.isfinite(scores)))
    if bad:
        raise ScoringRefused(f"scores: {bad} of {scores.size} are NaN or infinite, expected finite numbers; retrain")
    return scores


def best(
    scores: NDArray[np.float32], dropped: NDArray[np.bool_], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k best posts of each user, best first; of equal scores the earlier post comes first.

    Args:
        scores: (n_users, n_posts), finite.
        dropped: (n_users, n_posts), True where the post may not be shown.
        k: length of a list, at least 1.

    Returns:
        Places (n_users, k), NO_POST after the last eligible one, and scores (n_users, k), -inf there.
    """
    n_users, n_posts = scores.shape
    k_here = min(k, n_posts)
    order = _descending(scores, dropped)  # (n_users, n_posts), small = good, no two alike
    top = np.sort(np.partition(order, k_here - 1, axis=1)[:, :k_here], axis=1) if k_here else order
    places = np.full((n_users, k), NO_POST, dtype=np.int64)
    places[:, :k_here] = np.where(top < DROPPED, (top & LOWER_HALF).astype(np.int64), NO_POST)
    values = np.full((n_users, k), -np.inf, dtype=np.float32)
    shown = places != NO_POST
    users = np.broadcast_to(np.arange(n_users)[:, None], places.shape)
    values[shown] = scores[users[shown], places[shown]]
    return places, values


def _descending(scores: NDArray[np.float32], dropped: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """One integer per pair whose order is: higher score first, then lower place. (The sign trick of radix sorts.)"""
    bits = (scores + np.float32(0.0)).view(np.uint32)  # + 0 makes -0 and 0 equal
    ascending = np.where(bits >> 31, ~bits, bits | np.uint32(0x8000_0000))
    keys = (~ascending).astype(np.uint64) << np.uint64(32)
    return np.where(dropped, DROPPED, keys) | np.arange(scores.shape[1], dtype=np.uint64)


def _places(part: slice) -> NDArray[np.int64]:
    return np.arange(part.start, part.stop)
