"""The compiled loops of scoring: the hidden layer over blocks of users and posts, and the top k so far.

numba compiles them for the machine at the first call (about three seconds in a process), without a compiler or a
folder to write to. They release Python's lock, so several threads can run them at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from shared.neucf.fast.simd_lanes import TILE, build_above, build_hidden_layer, build_lowest_bit, floats_per_vector

ZERO = np.float32(0)  # added to a score, turns -0 into 0
ONE = np.uint64(1)
LARGEST = np.finfo(np.float32).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Compiled for this machine."""

    add_mlp: Callable[..., None]
    withhold: Callable[..., None]
    offer: Callable[..., None]
    settle: Callable[..., None]
    count_bad: Callable[..., int]


@lru_cache(maxsize=1)
def kernels() -> Kernels:
    """The loops, compiled at the first call."""
    compiled: Any = njit(nogil=True)
    lanes = floats_per_vector()
    keep_best = compiled(_keep_best_with(compiled(kth_largest)))
    return Kernels(
        add_mlp=compiled(_add_mlp_with(lanes)),
        withhold=compiled(withhold),
        offer=compiled(_offer_with(keep_best, build_above(lanes), build_lowest_bit())),
        settle=compiled(_settle_with(keep_best)),
        count_bad=compiled(count_bad),
    )


def _add_mlp_with(lanes: int) -> Callable[..., None]:
    hidden_layer = build_hidden_layer(lanes)

    def add_mlp(scores: Any, users: Any, tiles: Any, weights: Any) -> None:
        """Add the MLP of every user with every post of some tiles to their scores.

        Args:
            scores: (n_users, n_tiles · TILE or more), changed.
            users: (n_users, width) the users' part of the hidden layer.
            tiles: (n_tiles, width, TILE) the posts' part.
            weights: (width,) of the output.
        """
        for t in range(len(tiles)):
            for u in range(len(users)):
                hidden_layer(tiles[t], users[u], weights, scores[u, t * TILE : (t + 1) * TILE], len(weights))

    return add_mlp


def withhold(scores: Any, n_posts: int, first_index: int, starts: Any, indices: Any) -> None:
    """Set to -inf what each user must not see: user u's indices are indices[starts[u]:starts[u + 1]]."""
    for u in range(len(scores)):
        for i in range(starts[u], starts[u + 1]):
            column = indices[i] - first_index
            if 0 <= column < n_posts:
                scores[u, column] = -np.inf


def _offer_with(keep: Callable[..., Any], above: Callable[..., int], lowest: Callable[..., int]) -> Callable[..., None]:
    def offer(
        scores: Any, n_posts: int, first_index: int, k: int, values: Any, indices: Any, counts: Any, thresholds: Any
    ) -> None:
        """Add a block of posts to each user's best so far; blocks come in ascending order of indices.

        A post is added only if its score is above the threshold, the k-th best score so far: a later post with the same
        score ranks after it. When a user's columns are full, the k best are kept.

        Args:
            scores: (n_users, a multiple of TILE), -inf for what must not be shown and after the last post.
            n_posts: columns that count.
            first_index: of the block's first post.
            k: length of a list.
            values: (n_users, capacity) float32, changed, as are the next three; capacity is at least k + TILE.
            indices: (n_users, capacity) int64, ascending in each user.
            counts: (n_users,) posts held.
            thresholds: (n_users,) -inf at first.
        """
        capacity = values.shape[1]
        keys = np.empty(capacity, np.int32)
        for u in range(len(scores)):
            held, at = values[u], indices[u]
            count, threshold = counts[u], thresholds[u]
            for start in range(0, n_posts, TILE):
                tile = scores[u, start : start + TILE]
                mask: Any = above(tile, threshold)
                if mask == 0:
                    continue
                if count + TILE > capacity:
                    threshold, count = keep(held[:count], at[:count], k, keys), k
                    mask = above(tile, threshold)
                while mask != 0:
                    column = lowest(mask)
                    held[count], at[count] = tile[column] + ZERO, first_index + start + column
                    count += 1
                    mask &= mask - ONE
            counts[u], thresholds[u] = count, threshold

    return offer


def _settle_with(keep: Callable[..., Any]) -> Callable[..., None]:
    def settle(k: int, values: Any, indices: Any, counts: Any) -> None:
        """Leave each user no more than the k best."""
        keys = np.empty(values.shape[1], np.int32)
        for u in range(len(values)):
            if counts[u] > k:
                keep(values[u, : counts[u]], indices[u, : counts[u]], k, keys)
                counts[u] = k

    return settle


def _keep_best_with(kth: Callable[..., Any]) -> Callable[..., Any]:
    def keep_best(values: Any, indices: Any, k: int, keys: Any) -> Any:
        """Move the k best to the front without reordering, the earlier of equal ones; returns the k-th best value."""
        bits = values.view(np.int32)
        for i in range(len(values)):
            keys[i] = bits[i] ^ ((bits[i] >> 31) & 0x7FFF_FFFF)  # sorts like the floats
        kth_key, n_above = kth(keys[: len(values)], k)
        equal = k - n_above
        kept = 0
        for i in range(len(values)):
            if keys[i] > kth_key or (keys[i] == kth_key and equal > 0):
                if keys[i] == kth_key:
                    equal -= 1
                    kth_value = values[i]
                values[kept], indices[kept] = values[i], indices[i]
                kept += 1
        return kth_value

    return keep_best


def kth_largest(keys: Any, k: int) -> Any:
    """The k-th largest of some int32, and how many are above it, by bisection: it has no unpredictable branches."""
    low, high = np.int64(-(2**31)), np.int64(2**31)  # at least k are ≥ low, fewer than k are ≥ high
    n_above = 0
    while high - low > 1:
        middle = (low + high) >> 1
        bound = np.int32(middle)
        n: Any = np.int32(0)
        for i in range(len(keys)):
            n += np.int32(keys[i] >= bound)
        if n >= k:
            low = middle
        else:
            high, n_above = middle, n
    return np.int32(low), n_above


def count_bad(scores: Any, n_posts: int) -> int:
    """How many of the first `n_posts` scores of each user are NaN or infinite."""
    bad = 0
    for u in range(scores.shape[0]):
        for column in range(n_posts):
            if not abs(scores[u, column]) <= LARGEST:
                bad += 1
    return bad
