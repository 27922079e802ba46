"""Baselines that every model is compared with: random, popularity, item-kNN, EASE.

Each scores blocks of users with all posts.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores
from shared.errors import TrainingRefused

MAX_DENSE_POSTS = 10_000  # EASE and item-kNN hold posts × posts: EASE up to 2 GB at this bound
DENSE_BYTES = 44  # of an evaluation with EASE, for each of posts × posts: measured with 5,000 posts
COLUMNS_AT_ONCE = 1024  # of posts × posts, while they are counted


class Popularity:
    """How many users like a post; the same for all users."""

    def __init__(self, likes: LikeMatrix) -> None:
        self.counts = np.bincount(likes.posts, minlength=likes.n_posts).astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.broadcast_to(self.counts, (users.stop - users.start, len(self.counts)))


class Random:
    """All posts in a random order, a different one for each user."""

    def __init__(self, likes: LikeMatrix, *, seed: int) -> None:
        self.n_posts, self.seed = likes.n_posts, seed

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        rows = [
            np.random.default_rng((self.seed, user)).random(self.n_posts, np.float32)
            for user in range(users.start, users.stop)
        ]
        return np.stack(rows) if rows else np.zeros((0, self.n_posts), np.float32)


class ItemKNN:
    """Posts liked by the people who like the same: cosine between posts (Sarwar et al. 2001), the nearest k kept.

    `shrink` is added to the product of the lengths, so that two likes by the same single person weigh little.
    """

    def __init__(self, likes: LikeMatrix, *, neighbours: int = 100, shrink: float = 10.0) -> None:
        self.matrix = likes.to_csr()
        together = _together(self.matrix)  # (n_posts, n_posts)
        length = np.sqrt(together.diagonal())
        nearness = together / (length[:, None] * length[None, :] + shrink + 1e-9)
        np.fill_diagonal(nearness, 0.0)
        if neighbours < likes.n_posts:
            threshold = np.partition(nearness, -neighbours, axis=0)[-neighbours]  # (n_posts,) of each column
            nearness[nearness < threshold] = 0.0
        self.weights = nearness

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray(self.matrix[users] @ self.weights, dtype=np.float32)


class EASE:
    """The closed-form linear autoencoder without a diagonal (Steck, WWW 2019, https://arxiv.org/abs/1905.03375).

    B = I − P · diag(1 / diag P) with P = (XᵀX + λI)⁻¹; scores are X·B.
    """

    def __init__(self, likes: LikeMatrix, *, l2: float = 300.0) -> None:
        self.matrix = likes.to_csr()
        gram = _together(self.matrix).astype(np.float64)
        gram[np.diag_indices_from(gram)] += l2
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
        inverse /= -np.diag(inverse)[None, :]
        np.fill_diagonal(inverse, 0.0)
        self.weights = inverse.astype(np.float32)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray(self.matrix[users] @ self.weights, dtype=np.float32)


def _together(matrix: sparse.csr_array) -> NDArray[np.float32]:
    """How many users like both of two posts. -> (n_posts, n_posts)"""
    n_posts = matrix.shape[1]
    if n_posts > MAX_DENSE_POSTS:
        raise TrainingRefused(
            f"baseline: got {n_posts} posts, expected at most {MAX_DENSE_POSTS}: posts × posts is too much"
        )
    likers, together = matrix.T.tocsr(), np.empty((n_posts, n_posts), dtype=np.float32)
    for start in range(0, n_posts, COLUMNS_AT_ONCE):
        part = slice(start, start + COLUMNS_AT_ONCE)
        together[part] = (likers[part] @ matrix).toarray()
    return together
