"""Baselines that every model is compared with: random, popularity, item-kNN, EASE.

Each scores blocks of users with all posts.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores
from shared.errors import TrainingRefused

MAX_DENSE_POSTS = 20_000  # EASE holds posts × posts in float64: 3.2 GB at this bound, and some minutes
DENSE_BYTES = 44  # of an evaluation with EASE, for each of posts × posts, at most
POSTS_AT_ONCE = 256  # of posts × posts, while they are counted


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
        refuse_too_many(likes.n_posts)
        self.matrix = likes.to_csr()
        self.weights = nearest_posts(self.matrix, neighbours=neighbours, shrink=shrink)  # (n_posts, n_posts)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray((self.matrix[users] @ self.weights).toarray(), dtype=np.float32)


class SparseItemKNN:
    """The same approximately, for any number of posts: of users with very many likes only some are counted.

    The pairs of posts that users like both of grow with the square of a user's likes; with `most_likes` of them, drawn
    by chance, the work is bounded by users × `most_likes`².
    """

    def __init__(
        self, likes: LikeMatrix, *, neighbours: int = 100, shrink: float = 10.0, most_likes: int = 500, seed: int = 0
    ) -> None:
        self.matrix = likes.to_csr()
        counted = _some_of_each(likes, most_likes, np.random.default_rng(seed))
        self.weights = nearest_posts(counted.to_csr(), neighbours=neighbours, shrink=shrink)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray((self.matrix[users] @ self.weights).toarray(), dtype=np.float32)


class EASE:
    """The closed-form linear autoencoder without a diagonal (Steck, WWW 2019, https://arxiv.org/abs/1905.03375).

    B = I − P · diag(1 / diag P) with P = (XᵀX + λI)⁻¹; scores are X·B.
    """

    def __init__(self, likes: LikeMatrix, *, l2: float = 300.0) -> None:
        refuse_too_many(likes.n_posts)
        self.matrix = likes.to_csr()
        self.weights = _ease_weights(self.matrix, l2)  # (n_posts, n_posts) from a liked post to another

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray(self.matrix[users] @ self.weights, dtype=np.float32)


def refuse_too_many(n_posts: int, at_most: int | None = None) -> None:
    """Posts × posts must fit into memory, and into a night.

    Raises:
        TrainingRefused: they do not.
    """
    at_most = MAX_DENSE_POSTS if at_most is None else at_most
    if n_posts > at_most:
        raise TrainingRefused(f"baseline: got {n_posts} posts, expected at most {at_most}: posts × posts is too much")


def nearest_posts(matrix: sparse.csr_array, *, neighbours: int, shrink: float) -> sparse.csr_array:
    """Cosine of each post with its nearest ones, by who likes them; a few posts at once. -> (n_posts, n_posts)

    Column j holds the neighbours of post j, all of those at equal distance included.
    """
    likers, n_posts = matrix.T.tocsr(), matrix.shape[1]
    length = np.sqrt(np.diff(likers.indptr).astype(np.float32))
    rows, columns, values = [], [], []
    for start in range(0, n_posts, POSTS_AT_ONCE):
        together = (likers[start : start + POSTS_AT_ONCE] @ matrix).tocoo()
        post, other = together.row + start, together.col
        near = together.data / (length[post] * length[other] + np.float32(shrink + 1e-9))
        kept = (post != other) & (near >= _kth(together.row, np.where(post == other, 0.0, near), neighbours))
        rows.append(other[kept])
        columns.append(post[kept])
        values.append(near[kept])
    pairs = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.concatenate(values), pairs), shape=(n_posts, n_posts))


def _kth(row: NDArray[np.int32], values: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """The k-th largest value of each value's row; 0 in rows with fewer. -> (n_values,)"""
    order = np.lexsort((-values, row))
    counts = np.bincount(row)
    starts = np.cumsum(counts) - counts
    least = np.zeros(len(counts), dtype=np.float32)
    enough = counts >= k
    least[enough] = values[order[starts[enough] + k - 1]]
    return np.asarray(least[row])


def _some_of_each(likes: LikeMatrix, most: int, chance: np.random.Generator) -> LikeMatrix:
    order = np.lexsort((chance.random(len(likes.posts)), likes.users))
    number = np.arange(len(order)) - np.repeat(likes.starts[:-1], likes.counts)
    kept = order[number < most]
    return LikeMatrix.of(likes.users[kept], likes.posts[kept], n_users=likes.n_users, n_posts=likes.n_posts)


def _ease_weights(matrix: sparse.csr_array, l2: float) -> NDArray[np.float32]:
    """All in the memory of one matrix of float64: Gram, Cholesky factor, inverse, and at last the weights."""
    inverse = _inverse(_gram(matrix, l2))  # symmetric
    n_posts, diagonal = len(inverse), np.diag(inverse).copy()
    doubles = inverse.T  # in the order of memory
    weights = doubles.reshape(-1).view(np.float32)[: n_posts * n_posts].reshape(n_posts, n_posts)
    for start in range(0, n_posts, POSTS_AT_ONCE):  # what is written lies before what is still to be read
        part = slice(start, start + POSTS_AT_ONCE)
        weights[part] = (doubles[part] / -diagonal[None, :]).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _gram(matrix: sparse.csr_array, l2: float) -> NDArray[np.float64]:
    """How many users like both of two posts, plus `l2` on the diagonal. -> (n_posts, n_posts) column by column"""
    n_posts = matrix.shape[1]
    likers, gram = matrix.T.tocsr(), np.empty((n_posts, n_posts), dtype=np.float64, order="F")
    for start in range(0, n_posts, POSTS_AT_ONCE):
        part = slice(start, start + POSTS_AT_ONCE)
        gram[:, part] = (likers[part] @ matrix).toarray().T
    gram[np.diag_indices_from(gram)] += l2
    return gram


def _inverse(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a positive definite matrix, in its own memory; half the work and memory of a general inverse."""
    factor, failed = linalg.lapack.dpotrf(gram, lower=1, clean=0, overwrite_a=1)
    inverse, failed_too = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise TrainingRefused("EASE: posts × posts has no inverse; take a larger l2")
    for start in range(0, len(inverse), POSTS_AT_ONCE):  # LAPACK leaves the upper half as it was
        part = slice(start, min(start + POSTS_AT_ONCE, len(inverse)))
        inverse[:start, part] = inverse[part, :start].T
        block = inverse[part, part]
        block[...] = np.tril(block) + np.tril(block, -1).T
    return np.asarray(inverse)
