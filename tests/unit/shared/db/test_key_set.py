"""A set of id hashes gives the same result as numpy's own search."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.db.key_set import AT_ONCE, IdHashSet

KEYS = st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.integers(min_value=-40, max_value=40))


@given(KEYS, KEYS)
def test_it_contains_its_hashes_and_nothing_else(hashes: list[int], asked: list[int]) -> None:
    made, looked_up = np.array(hashes, np.int64), np.array(asked + hashes, np.int64)
    assert IdHashSet.of(made).contains(looked_up).tolist() == np.isin(looked_up, made).tolist()


def test_hashes_with_the_same_lowest_bits_are_all_found() -> None:
    hashes = np.arange(5, dtype=np.int64) << 40
    assert IdHashSet.of(hashes).contains(np.append(hashes, 5 << 40)).tolist() == [True] * 5 + [False]


def test_more_hashes_than_are_looked_up_together_keep_their_order() -> None:
    asked = np.arange(AT_ONCE + 3, dtype=np.int64)
    wanted = np.array([0, AT_ONCE + 1], np.int64)
    assert np.flatnonzero(IdHashSet.of(wanted).contains(asked)).tolist() == wanted.tolist()


def test_an_empty_set_contains_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert IdHashSet.of(none).contains(np.arange(-50, 50, dtype=np.int64)).sum() == 0
    assert len(IdHashSet.of(none).contains(none)) == 0
