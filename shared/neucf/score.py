"""Scores users with posts in bounded memory and takes the exact top k, for the training's report and for serving."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from shared.neucf.fast.fused import POSTS_AT_ONCE, USERS_AT_ONCE, FusedScorer, score_buffer
from shared.neucf.fast.simd_lanes import TILE
from shared.neucf.fast.top_k import BestSoFar
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF, PostSide, UserSide, joined_sides, taste_of
from shared.neucf.recent_likes import decayed_means, latest_likes
from shared.neucf.vocab import ModelRows

TASTES_AT_ONCE = 256  # users whose latest likes are read at a time, 21 MB; with 1024 it took 1.7 times as long
JOINED_AT_ONCE = 8192  # posts whose content is read at a time: 8192 × 1280 floats are 42 MB


def blocks(n: int, size: int) -> Iterator[slice]:
    """Slices that cover 0…n, each at most `size` long."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


@dataclass(frozen=True, slots=True, eq=False)
class PostVectors:
    """What both sides of scoring need of some posts."""

    joined: torch.Tensor  # (n_posts, width) from `post_vectors`
    units: torch.Tensor | None = None  # (n_posts, n_units) what nearness compares; None: the model knows no nearness

    def __len__(self) -> int:
        return len(self.joined)

    def take(self, indices: torch.Tensor) -> "PostVectors":
        """Those of the posts at these indices, in that order."""
        return PostVectors(self.joined[indices], None if self.units is None else self.units[indices])


@torch.no_grad()
def vectors_of(model: NeuCF, model_rows: ModelRows, features: PostFeatures, device: torch.device) -> PostVectors:
    """The vectors of these posts, computed block by block."""
    inputs = (
        model.post_input(torch.from_numpy(model_rows[part]).to(device), features.take(_indices(part)))
        for part in blocks(len(model_rows), JOINED_AT_ONCE)
    )
    parts = [(model.post_vectors(posts), model.units(posts)) for posts in inputs]
    joined = [vectors for vectors, _ in parts] or [torch.zeros(0, model.config.width, device=device)]
    units = [each for _, each in parts if each is not None]
    return PostVectors(torch.cat(joined), torch.cat(units) if units else None)


@torch.no_grad()
def post_side_of(model: NeuCF, model_rows: ModelRows, features: PostFeatures, device: torch.device) -> PostSide:
    """The post side of these posts, computed once for all users."""
    return post_side_from(model, vectors_of(model, model_rows, features, device), model_rows)


@torch.no_grad()
def post_side_from(model: NeuCF, vectors: PostVectors, model_rows: ModelRows) -> PostSide:
    """The same from the vectors of these posts."""
    return model.post_side_of(vectors.joined, torch.from_numpy(model_rows).to(vectors.joined.device), vectors.units)


@torch.no_grad()
def user_side_of(
    model: NeuCF, model_rows: ModelRows, liked: NDArray[np.int64], starts: NDArray[np.int64], vectors: PostVectors
) -> UserSide:
    """The user side of these users.

    Args:
        model_rows: (n_users,) 0 = unknown.
        liked: (n_likes,) indices in `vectors`, user by user, in the order in which they were liked; a liked post need
            not have a model row.
        starts: (n_users,) where each user's likes begin.
        vectors: from `vectors_of`.
    """
    device = vectors.joined.device
    if len(vectors) == 0:  # nobody has a like, so there is no mean
        return model.user_side(torch.from_numpy(model_rows).to(device))
    parts = [
        _user_side_of(model, model_rows[part], liked[low:high], starts[part] - low, vectors)
        for part, low, high in _parts_of(starts, len(liked))
    ]
    return joined_sides(parts)


def _user_side_of(
    model: NeuCF, model_rows: ModelRows, liked: NDArray[np.int64], starts: NDArray[np.int64], vectors: PostVectors
) -> UserSide:
    device, recent = vectors.joined.device, None
    if model.config.recent:
        latest = latest_likes(liked, starts, model.config.recent)
        recent = decayed_means(vectors.joined, torch.from_numpy(latest).to(device))
    history = torch.from_numpy(liked).to(device), torch.from_numpy(starts).to(device)
    users = model.user_side(torch.from_numpy(model_rows).to(device), taste_of(vectors.joined, *history), recent)
    return users if vectors.units is None else model.with_nearness(users, taste_of(vectors.units, *history))


def _parts_of(starts: NDArray[np.int64], n_likes: int) -> Iterator[tuple[slice, int, int]]:
    """Blocks of users, and where their likes begin and end; one block where there is nobody."""
    for part in blocks(len(starts), TASTES_AT_ONCE) if len(starts) else [slice(0, 0)]:
        low = int(starts[part.start]) if len(starts) else 0
        yield part, low, int(starts[part.stop]) if part.stop < len(starts) else n_likes


@torch.no_grad()
def scores_of(model: NeuCF, users: UserSide, posts: PostSide) -> NDArray[np.float32]:
    """Scores of some users with all posts. -> (n_users, n_posts)

    Raises:
        ScoringRefused: a score is NaN or infinite.
    """
    return scores_by(FusedScorer(model, posts), users)


def scores_by(fused: FusedScorer, users: UserSide) -> NDArray[np.float32]:
    """The same with posts that were prepared before.

    Raises:
        ScoringRefused: a score is NaN or infinite.
    """
    n_users, n_posts = len(users.gmf), fused.n_posts
    scores = np.empty((n_users, n_posts), np.float32)
    for user_part in blocks(n_users, USERS_AT_ONCE):
        buffer = score_buffer(user_part.stop - user_part.start)
        for part in blocks(n_posts, POSTS_AT_ONCE):
            scores[user_part, part] = fused.scores(users[user_part], part, buffer)[:, : part.stop - part.start]
    return scores


def best_posts(
    scores: NDArray[np.float32], dropped: NDArray[np.bool_], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k best posts of each user, best first; of equal scores the lower index comes first.

    Args:
        scores: (n_users, n_posts), finite.
        dropped: (n_users, n_posts), True where the post must not be shown.
        k: length of a list, at least 1.

    Returns:
        Indices (n_users, k), NO_POST after the last eligible one, and scores (n_users, k), -inf there.
    """
    n_users, n_posts = scores.shape
    shown = np.full((n_users, -(-n_posts // TILE) * TILE), -np.inf, np.float32)
    np.copyto(shown[:, :n_posts], scores, where=~dropped)
    so_far = BestSoFar(n_users, k)
    so_far.offer(shown, n_posts, 0)
    return so_far.lists()


def _indices(part: slice) -> NDArray[np.int64]:
    return np.arange(part.start, part.stop)
