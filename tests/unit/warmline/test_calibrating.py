"""The calibration is of some seconds, not of a moment."""

from typing import Any, cast

import pytest

from shared.ranked_lists.weigh import Weights
from warmline import calibrating
from warmline.calibrating import PAUSE_SECONDS, TRIALS, calibrate


def test_trials_are_spread_and_their_mean_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(TRIALS))
    rested: list[float] = []
    monkeypatch.setattr(calibrating, "weigh", _weights)
    monkeypatch.setattr(calibrating, "seconds_per_row", lambda _: float(next(numbers)))
    monkeypatch.setattr(calibrating, "_seconds_per_flop", lambda: 3.0)
    monkeypatch.setattr("warmline.calibrating.time.sleep", rested.append)
    speeds, weights = calibrate(cast(Any, None), "redis://nowhere", list_length=200)
    assert (speeds.row, speeds.list, speeds.flop) == ((TRIALS - 1) / 2, 7.0, 3.0)
    assert (weights.list, weights.chain) == (1.0, 5.0)
    assert rested == [PAUSE_SECONDS] * TRIALS
    assert sum(rested) >= 5


def _weights(_: str, *, list_length: int) -> Weights:
    assert list_length == 200
    return Weights(list=1.0, viewer=2.0, viewer_post=3.0, catalogue_post=4.0, chain=5.0, seconds_per_list=7.0)
