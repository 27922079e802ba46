import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.neucf.vocab import Vocab

keys = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50)


def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


@given(keys)
def test_keys_come_back_from_their_rows(values: list[int]) -> None:
    vocab = Vocab.of(column(values))
    assert vocab.id_hashes[vocab.model_rows(column(values)) - 1].tolist() == values


def test_a_key_that_was_not_trained_on_has_row_0() -> None:
    assert Vocab.of(column([10, 30])).model_rows(column([5, 10, 20, 30, 40])).tolist() == [0, 1, 0, 2, 0]


def test_an_empty_vocabulary_knows_nobody() -> None:
    assert Vocab.of(column([])).model_rows(column([1, 2])).tolist() == [0, 0]


def test_there_is_a_row_for_each_key_and_one_for_the_unknown() -> None:
    assert Vocab.of(column([4, 4, 2])).n_rows == 3


def test_keys_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        Vocab(column([2, 1]))
