import numpy as np

from benchmarks.quality.auc import auc


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    scores = np.array([0.9, 0.5, 0.7, 0.1], dtype=np.float32)
    assert auc(scores, np.array([True, True, False, False])) == 3 / 4


def test_a_tie_counts_half() -> None:
    assert auc(np.zeros(3, np.float32), np.array([True, False, False])) == 0.5


def test_auc_without_anything_to_compare_is_a_half() -> None:
    assert auc(np.array([1.0], np.float32), np.array([True])) == 0.5
