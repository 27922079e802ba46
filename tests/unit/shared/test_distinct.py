"""What stands in a column, ascending, each once: as numpy's `unique` gives it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.distinct import distinct


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)))
def test_the_values_are_those_of_unique(values: list[int]) -> None:
    column = np.array(values, np.int64)
    found = distinct(column)
    assert found.dtype == np.int64
    assert found.tolist() == sorted(set(values))
    assert column.tolist() == values


def test_a_table_is_read_as_one_column() -> None:
    assert distinct(np.array([[3, 1], [1, 2]])).tolist() == [1, 2, 3]
