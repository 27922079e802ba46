import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.neucf.fast import top_k
from shared.neucf.fast.simd_lanes import TILE
from shared.neucf.fast.top_k import NO_POST, BestSoFar
from shared.neucf.score import best_posts

N_POSTS = 12 * TILE


def in_blocks(scores: NDArray[np.float32], k: int, size: int) -> NDArray[np.int64]:
    so_far = BestSoFar(len(scores), k)
    for start in range(0, scores.shape[1], size):
        block = np.ascontiguousarray(scores[:, start : start + size])
        so_far.offer(block, block.shape[1], start)
    return so_far.lists()[0]


def sorted_in_full(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), distinct=st.sampled_from([1, 2, 30, 10**6]), k=st.integers(1, 200))
def test_blocks_of_posts_give_what_a_full_sort_gives(seed: int, distinct: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    scores = (chance.integers(0, distinct, (2, N_POSTS)) - distinct // 2).astype(np.float32)
    np.testing.assert_array_equal(in_blocks(scores, k, 2 * TILE), sorted_in_full(scores, k))


def test_a_full_room_keeps_the_best_when_every_post_beats_all_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top_k, "SPARE", TILE)
    rising = np.arange(N_POSTS, dtype=np.float32)[None]
    np.testing.assert_array_equal(in_blocks(rising, 10, 4 * TILE), sorted_in_full(rising, 10))


def test_a_full_room_keeps_the_earlier_of_equal_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top_k, "SPARE", TILE)
    scores = np.tile(np.array([0, 1], np.float32), N_POSTS // 2)[None]
    np.testing.assert_array_equal(in_blocks(scores, 10, TILE), np.arange(1, 21, 2)[None])


def test_zero_with_and_without_a_sign_are_equal_scores() -> None:
    indices, values = best_posts(np.array([[-0.0, 0.0, -0.0, 1.0]], np.float32), np.zeros((1, 4), np.bool_), 4)
    assert indices.tolist() == [[3, 0, 1, 2]]
    assert values.tolist() == [[1.0, 0.0, 0.0, 0.0]]


def test_a_list_longer_than_the_posts_ends_early() -> None:
    indices, values = best_posts(np.array([[2.0, -1e38, 3.0]], np.float32), np.array([[False, False, True]]), 5)
    assert indices.tolist() == [[0, 1, NO_POST, NO_POST, NO_POST]]
    assert np.isneginf(values[0, 2:]).all()
