from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.quality.data import lined_up
from benchmarks.quality.datasets import DATASETS
from benchmarks.quality.measure import Measured, Measurement
from benchmarks.quality.musts import MUSTS, checked
from benchmarks.quality.npz import read_npz
from benchmarks.quality.protocols import SAMPLED, Answered
from benchmarks.quality.systems import NEUCF, SYSTEMS
from tests.quality_worlds import camps, with_negatives, write


def measured(folder: Path, *, neucf: float, ease: float) -> Measured:
    """ML-1M in name only: both systems have one figure for all users."""
    data = replace(lined_up(read_npz(write(folder, with_negatives(camps())), name="world")), name="ml1m")
    answers = {
        name: Answered({metric: np.full(24, value) for metric in ("hr@10", "ndcg@10")})
        for name, value in (("ease", ease), ("neucf", neucf))
    }
    return Measured(
        data=data,
        measurements=[
            Measurement(
                system=name, dataset="ml1m", protocol=SAMPLED, seed=1, setting="", seconds=1.0, answered=answered
            )
            for name, answered in answers.items()
        ],
        left_out=[],
    )


def test_a_must_that_is_reached_holds(tmp_path: Path) -> None:
    assert [each.holds for each in checked(measured(tmp_path, neucf=0.73, ease=0.72))] == [True] * 4


def test_a_figure_below_the_least_and_a_lead_below_it_do_not_hold(tmp_path: Path) -> None:
    assert [each.holds for each in checked(measured(tmp_path, neucf=0.719, ease=0.73))] == [False, True, False, False]


def test_every_named_data_set_is_one_that_is_measured() -> None:
    """A must under a name that no cut has would never be looked at."""
    names = set(DATASETS) | {"ml100k, per user", "ml100k, global time", "ml1m-mm, rare films"}
    assert set(MUSTS) <= names
    named = {system for musts in MUSTS.values() for must in musts for system in [must.over or NEUCF]}
    assert named <= set(SYSTEMS)


def test_a_system_that_was_not_measured_is_not_judged(tmp_path: Path) -> None:
    whole = measured(tmp_path, neucf=0.73, ease=0.72)
    alone = replace(whole, measurements=whole.measurements[1:])
    assert [each.must.over for each in checked(alone)] == [None, None]
