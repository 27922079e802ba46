import numpy as np
import pytest

from shared.errors import TrainingRefused
from tests.neucf_worlds import vectors


def test_nan_in_a_known_vector_is_refused_with_its_index() -> None:
    values = np.zeros((3, 2), dtype=np.float32)
    values[1, 0] = np.nan
    with pytest.raises(TrainingRefused, match=r"image vectors: 1 of 3 .* index 1"):
        vectors(values, 0, 1).refuse_broken("image")


def test_nan_in_a_missing_vector_does_no_harm() -> None:
    values = np.full((2, 2), np.nan, dtype=np.float32)
    values[0] = 1.0
    vectors(values, 0).refuse_broken("image")


def test_a_broken_vector_can_be_counted_as_missing() -> None:
    values = np.ones((3, 2), dtype=np.float16)
    values[2, 1] = np.inf
    assert vectors(values, 1, 2).without_broken().known.tolist() == [False, True, False]


def test_vectors_and_mask_must_have_one_length() -> None:
    with pytest.raises(ValueError, match="expected"):
        vectors(np.zeros((2, 2), dtype=np.float32)).__class__(np.zeros((2, 2), dtype=np.float32), np.ones(3, np.bool_))


def test_some_of_some_of_the_vectors_are_the_right_ones_and_no_copy() -> None:
    values = np.arange(8, dtype=np.float32).reshape(4, 2)
    some = vectors(values, 0, 3).take(np.array([3, 1, 0])).take(np.array([2, 0]))
    assert np.shares_memory(some.stored, values)
    assert some.known.tolist() == [True, True]
    np.testing.assert_array_equal(some.values, values[[0, 3]])
    np.testing.assert_array_equal(some.at(slice(1, 2)), values[[3]])
    np.testing.assert_array_equal(some.at(np.array([1, 0])), values[[3, 0]])


def test_a_broken_vector_in_a_selection_is_found_at_its_index_there() -> None:
    values = np.ones((4, 2), dtype=np.float32)
    values[1] = np.nan
    some = vectors(values, 0, 1, 2, 3).take(np.array([3, 1]))
    assert some.broken().tolist() == [1]
    assert some.without_broken().known.tolist() == [True, False]
