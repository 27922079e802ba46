"""The exact k best posts of a block of users, from scores that come in blocks of posts and are not kept."""

import numpy as np
from numpy.typing import NDArray

from shared.neucf.fast.kernels import kernels

NO_POST = -1  # fills a list after its last post
SPARE = 512  # posts held beyond two lists, at least TILE: with more, the k best are selected less often
_LOWER_HALF = np.uint64(0xFFFF_FFFF)  # of an ordering key: the index
_HALF = np.uint64(32)
_NOTHING = np.uint64(2**64 - 1)  # an ordering key after all others
_SIGN = np.uint32(0x8000_0000)


class BestSoFar:
    """The best posts of each user so far; of equal scores the lower index comes first."""

    def __init__(self, n_users: int, k: int) -> None:
        capacity = 2 * k + SPARE
        self._k = k
        self._values = np.empty((n_users, capacity), np.float32)
        self._indices = np.empty((n_users, capacity), np.int64)
        self._counts = np.zeros(n_users, np.int64)
        self._thresholds = np.full(n_users, -np.inf, np.float32)

    def offer(self, scores: NDArray[np.float32], n_posts: int, first_index: int) -> None:
        """Add the next block of posts; blocks come in ascending order of indices.

        Args:
            scores: (n_users, a multiple of TILE) contiguous; -inf for what must not be shown and after the last post.
            n_posts: columns that count.
            first_index: index of the first column's post.
        """
        kernels().offer(
            scores, n_posts, first_index, self._k, self._values, self._indices, self._counts, self._thresholds
        )  # fmt: skip

    def lists(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Indices (n_users, k), best first, NO_POST after the last one, and scores (n_users, k), -inf there."""
        kernels().settle(self._k, self._values, self._indices, self._counts)
        keys = _descending(self._values[:, : self._k], self._indices[:, : self._k])
        is_held = np.arange(self._k) < self._counts[:, None]
        top = np.sort(np.where(is_held, keys, _NOTHING), axis=1)  # (n_users, k)
        shown = top != _NOTHING
        indices = np.where(shown, (top & _LOWER_HALF).astype(np.int64), NO_POST)
        return indices, np.where(shown, _scores_in(top), np.float32(-np.inf))


def _descending(scores: NDArray[np.float32], indices: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One integer per pair that sorts by higher score, then lower index. (The sign trick of radix sorts.)"""
    bits = scores.view(np.uint32)
    ascending = np.where(bits >> 31, ~bits, bits | _SIGN)
    keys: NDArray[np.uint64] = (~ascending).astype(np.uint64) << _HALF | indices.astype(np.uint64)
    return keys


def _scores_in(keys: NDArray[np.uint64]) -> NDArray[np.float32]:
    ascending = ~(keys >> _HALF).astype(np.uint32)
    return np.where(ascending & _SIGN, ascending & ~_SIGN, ~ascending).view(np.float32)
