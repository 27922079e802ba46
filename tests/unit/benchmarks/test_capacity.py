"""Rows and bounds of predictions: what is off, and what a busy machine has to do with it."""

import pytest

from benchmarks.capacity.__main__ import HERE, Figures, bounds_of, rows_of

SMALL = Figures(world=HERE, predicted={"train": 40.0}, found={"train": 50.0}, busy={"train": 2.0})
LARGE = Figures(world="ten times that", predicted={"train": 300.0}, found={"train": 200.0}, busy={"train": 1.0})


def test_a_prediction_is_held_against_what_was_found() -> None:
    assert [row.ratio for row in rows_of([SMALL, LARGE]) if row.metric == "predicted"] == [0.8, 1.5]


def test_a_small_world_on_a_machine_twice_as_busy_predicts_twice_as_much() -> None:
    (alike,) = [row.ratio for row in rows_of([SMALL, LARGE]) if row.metric == "clock ÷ CPU" and row.ratio]
    assert alike == pytest.approx(0.75)


def test_what_is_off_by_more_than_a_quarter_breaks_the_bound_whatever_the_machine_did() -> None:
    assert [bound.holds for bound in bounds_of([SMALL, LARGE])] == [True, False]
