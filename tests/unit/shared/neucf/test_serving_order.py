import math

import numpy as np
import pytest

from shared.errors import ArtefactError
from shared.neucf.serving_order import GRID, POPULARITY_FLOOR, ServingOrder, added_to_logits

POPULARITY = np.array([0.0, 0.49, 0.99])
AGES = np.array([0.0, 7.0, 14.0])


def added(popularity_weight: float, half_life_days: float | None, ages: list[float] | None = None) -> list[float]:
    order = ServingOrder(popularity_weight=popularity_weight, half_life_days=half_life_days)
    term = added_to_logits(order, popularity=POPULARITY, age_days=AGES if ages is None else np.array(ages))
    return [float(value) for value in term]


def test_the_score_alone_adds_nothing() -> None:
    assert added(0.0, None) == [0.0, 0.0, 0.0]
    assert GRID[0] == ServingOrder()


def test_popularity_multiplies_a_chance() -> None:
    np.testing.assert_allclose(np.exp(added(1.0, None)), [0.01, 0.5, 1.0], rtol=1e-5)
    np.testing.assert_allclose(np.exp(added(2.0, None)), [0.0001, 0.25, 1.0], rtol=1e-5)


def test_each_half_life_halves_a_chance() -> None:
    np.testing.assert_allclose(np.exp(added(0.0, 7.0)), [1.0, 0.5, 0.25], rtol=1e-6)


def test_both_terms_add_up() -> None:
    np.testing.assert_allclose(added(0.5, 7.0)[1], 0.5 * math.log(POPULARITY_FLOOR + 0.49) - math.log(2), rtol=1e-6)


def test_a_post_that_is_dated_ahead_counts_as_new() -> None:
    assert added(0.0, 7.0, [-3.0, 0.0, 7.0])[:2] == [0.0, 0.0]


def test_it_comes_back_from_json() -> None:
    assert [ServingOrder.from_json(order.to_json()) for order in GRID] == list(GRID)


@pytest.mark.parametrize(("weight", "half_life"), [(-1.0, None), (math.nan, None), (1.0, 0.0), (1.0, math.inf)])
def test_what_is_out_of_range_is_refused(weight: float, half_life: float | None) -> None:
    with pytest.raises(ArtefactError, match="got"):
        ServingOrder(popularity_weight=weight, half_life_days=half_life)
