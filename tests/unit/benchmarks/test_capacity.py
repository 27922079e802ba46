"""Rows and bounds of predicted bytes."""

from benchmarks.capacity.__main__ import HERE, Figures, bounds_of, rows_of

SMALL = Figures(
    world=HERE,
    predicted={"Redis": 90.0, "PostgreSQL": 100.0},
    found={"Redis": 100.0, "PostgreSQL": 100.0},
)
LARGE = Figures(
    world="ten times that",
    predicted={"Redis": 1_000.0, "PostgreSQL": 1_300.0},
    found={"Redis": 1_000.0, "PostgreSQL": 1_000.0},
)


def test_a_prediction_is_held_against_what_was_found() -> None:
    assert [row.ratio for row in rows_of([SMALL, LARGE]) if row.metric == "predicted"] == [0.9, 1.0, 1.0, 1.3]


def test_bytes_that_are_off_by_more_than_a_fifth_break_the_bound() -> None:
    assert [bound.holds for bound in bounds_of([SMALL, LARGE])] == [True, True, True, False]
