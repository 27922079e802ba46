"""The formula: both terms in [0, 1], the same for a number and for an array."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.heuristic import blend, decay, popularity, recency

unit = st.floats(0, 1)
ages = st.floats(0, 1e6)
weights = st.floats(0, 1e12)
steady = settings(deadline=None, max_examples=80)


@pytest.mark.parametrize(("age", "share"), [(0, 1.0), (24, 0.5), (48, 0.25), (72, 0.125)])
def test_recency_halves_with_each_half_life(age: float, share: float) -> None:
    assert recency(float(age), 24.0) == share


def test_the_decay_of_a_very_old_age_is_zero_and_no_error() -> None:
    assert decay(1e9, 1.0) == 0.0


def test_a_weight_of_nothing_is_not_popular() -> None:
    assert popularity(0.0, 10.0) == 0.0


@pytest.mark.parametrize("weight", [10.0, 11.0, 1e12])
def test_the_reference_and_all_above_it_are_fully_popular(weight: float) -> None:
    assert popularity(weight, 10.0) == 1.0


def test_popularity_is_the_logarithm_against_the_reference() -> None:
    assert popularity(3.0, 15.0) == pytest.approx(math.log(4) / math.log(16))


@steady
@given(lower=weights, higher=weights, reference=st.floats(1e-3, 1e9))
def test_more_weight_is_never_less_popular(lower: float, higher: float, reference: float) -> None:
    lower, higher = sorted((lower, higher))
    assert popularity(lower, reference) <= popularity(higher, reference) <= 1.0


@steady
@given(popular=unit, recent=unit, alpha=unit)
def test_a_blend_of_two_shares_is_a_share(popular: float, recent: float, alpha: float) -> None:
    assert 0.0 <= blend(popular, recent, alpha=alpha) <= 1.0


@steady
@given(values=st.lists(weights, min_size=1, max_size=20), reference=st.floats(1e-3, 1e9))
def test_an_array_gives_what_each_of_its_numbers_gives(values: list[float], reference: float) -> None:
    many = popularity(np.array(values), reference, log1p=np.log1p)
    assert many.tolist() == pytest.approx([popularity(value, reference) for value in values], rel=1e-12)


@steady
@given(values=st.lists(ages, min_size=1, max_size=20))
def test_an_array_of_ages_gives_what_each_age_gives(values: list[float]) -> None:
    assert recency(np.array(values), 24.0).tolist() == pytest.approx([recency(age, 24.0) for age in values], rel=1e-12)
