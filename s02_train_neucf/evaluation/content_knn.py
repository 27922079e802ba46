"""Similar content as a baseline: how well new posts are ranked by their content alone, without learning."""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores
from shared.neucf.features import ContentVectors
from shared.neucf.score import JOINED_AT_ONCE, blocks

TINY = 1e-12  # shorter vectors have no direction


class ContentKNN:
    """The cosine of a post's vector with the mean vector of the posts that a user liked.

    Vectors are centred, since encoders put all of them into one narrow cone, and scaled to length 1, so that no single
    photo dominates. A post without a vector gets 0, and so does everything for a user without liked vectors.
    """

    def __init__(self, likes: LikeMatrix, vectors: ContentVectors) -> None:
        self.likes = likes
        self.units = _units(vectors)  # (n_posts, width)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts), each in [-1, 1]"""
        block = self.likes.take(np.arange(users.start, users.stop))
        taste = block.to_csr() @ self.units  # (n_users_in_block, width)
        return np.asarray(_unit(taste) @ self.units.T, dtype=np.float32)


def _units(vectors: ContentVectors) -> NDArray[np.float32]:
    units = np.zeros((len(vectors.known), vectors.width), dtype=np.float32)
    if not vectors.known.any():
        return units
    parts = list(blocks(len(units), JOINED_AT_ONCE))  # one copy of 100,000 photos takes half a gigabyte
    total = np.zeros(vectors.width)
    for part in parts:
        total += vectors.at(part)[vectors.known[part]].sum(axis=0, dtype=np.float64)
    mean = (total / np.count_nonzero(vectors.known)).astype(np.float32)
    for part in parts:
        centred = vectors.at(part).astype(np.float32) - mean
        units[part] = _unit(np.where(vectors.known[part, None], centred, np.float32(0.0)))
    return units


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > TINY), dtype=np.float32)
