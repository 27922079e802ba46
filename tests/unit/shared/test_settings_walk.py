"""All pairs of settings at the ends of their ranges: what is accepted keeps its promises, what is refused would not.

What would become of a pair is acted out on a clock, for posts and photos that come at any moment, by what the jobs do
with the settings and not by the rules that refuse them.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from s01_heuristic.settings import ScheduleSettings
from s02_recsys_neucf.settings import ScoreSettings
from s02_train_neucf.settings import MirrorSettings, TrainSettings
from shared.content.settings import ContentSettings
from shared.jobs.setting_conflicts import conflicts_of
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    ModelSettings,
    NewPostSettings,
    RunSettings,
    SettingsGroup,
    WindowSettings,
)
from timeline.settings import TimelineSettings

GROUPS: tuple[type[SettingsGroup], ...] = (
    ListSettings, WindowSettings, NewPostSettings, HeuristicSettings, ScheduleSettings, ScoreSettings, TrainSettings,
    MirrorSettings, ContentSettings, ModelSettings, RunSettings, TimelineSettings,
)  # fmt: skip
FIELDS = {name: field for group in GROUPS for name, field in group.model_fields.items()}
DEFAULTS = {name: field.default for name, field in FIELDS.items()}
HOUR, DAY = 60.0, 1440.0  # minutes
MOMENTS = np.linspace(0, 3 * DAY, 4001)[1:]  # at which posts come, in minutes


def test_whatever_pair_is_accepted_keeps_its_promises() -> None:
    accepted = [pair for pair in _pairs() if not conflicts_of(DEFAULTS | pair)]
    assert len(accepted) > 5_000
    broken = {tuple(pair.items()): what for pair in accepted if (what := _broken(DEFAULTS | pair))}
    assert broken == {}


def test_whatever_pair_is_refused_would_break_one() -> None:
    refused = [pair for pair in _pairs() if conflicts_of(DEFAULTS | pair)]
    assert refused
    assert [pair for pair in refused if not _broken(DEFAULTS | pair)] == []


@pytest.mark.parametrize(
    "pair",
    [
        {"candidate_days": 0.01, "heuristic_every_minutes": 1440},
        {"candidate_days": 0.01, "score_every_minutes": 1440},
        {"new_post_hours": 0.1, "heuristic_every_minutes": 1440},
        {"half_life_hours": 0.01, "heuristic_every_minutes": 5},
        {"popularity_half_life_hours": 0.01, "heuristic_every_minutes": 5},
        {"list_length": 1000, "seen_length": 100},
        {"encode_batch": 1024, "image_timeout_seconds": 300},
    ],
)
def test_a_pair_that_makes_no_sense_is_refused_by_both_names(pair: dict[str, float]) -> None:
    assert any(all(f"WARMLINE_{name.upper()}=" in said for name in pair) for said in conflicts_of(DEFAULTS | pair))


@pytest.mark.parametrize(
    "pair",
    [
        {"alpha": 1, "half_life_hours": 0.01},  # recency is not asked for
        {"alpha": 0, "popularity_half_life_hours": 0.01},
        {"new_post_share": 0, "new_post_hours": 0.1, "heuristic_every_minutes": 60},
        {"list_length": 200, "min_candidates": 1},  # short lists, for who wants nothing older than the window
        {"score_full_hours": 0.1, "score_every_minutes": 1440},  # every run is a full one
        {"active_days": 0.01, "heuristic_every_minutes": 1440},  # who asks for a page is in the next run
    ],
)
def test_a_pair_that_costs_nobody_anything_is_accepted(pair: dict[str, float]) -> None:
    assert conflicts_of(DEFAULTS | pair) == []


def _pairs() -> Iterator[dict[str, Any]]:
    """Both ends of each setting that has a range, and nought or the default between, with those of each other one."""
    values = [(name, value) for name in FIELDS for value in _values(name)]
    for (one, first), (other, second) in itertools.combinations(values, 2):
        if one != other:
            yield {one: first, other: second}


def _values(name: str) -> list[float]:
    bounds = FIELDS[name].metadata
    ends = [
        end for bound in bounds for end in (getattr(bound, "ge", None), getattr(bound, "le", None)) if end is not None
    ]
    if not ends:
        return []
    default = DEFAULTS[name]
    return sorted({*ends, default} if default is not None else ends)


def _broken(values: Mapping[str, Any]) -> list[str]:
    """The promises that these values break."""
    every, keep = values["heuristic_every_minutes"], values["list_keep_hours"] * HOUR
    waits = _minutes_until_next(every)
    scored = _minutes_until_next(values["score_every_minutes"])
    runs_in_full = values["score_every_minutes"] * np.ceil(
        values["score_full_hours"] * HOUR / values["score_every_minutes"]
    )
    window = values["candidate_days"] * DAY
    slowest_batch = -(-values["encode_batch"] // values["image_threads"]) * values["image_timeout_seconds"]
    kept = {
        "a list lives until the next run": every < keep,
        "the list of a silent user lives until the next run in full": runs_in_full < keep,
        "a post is a candidate of a heuristic run": waits.max() <= window,
        "a post is a candidate of a scoring run": scored.max() <= window,
        "a post is new in a run": values["new_post_share"] == 0 or waits.max() <= values["new_post_hours"] * HOUR,
        "recency lasts until the next run": values["alpha"] == 1 or _left(waits, values["half_life_hours"]) >= 0.5,
        "popularity lasts until the next run": values["alpha"] == 0
        or _left(waits, values["popularity_half_life_hours"]) >= 0.5,
        "all that was seen of a list is remembered": values["list_length"] <= values["seen_length"],
        "a slow host is not taken for a run that stands still": slowest_batch < values["run_stalled_minutes"] * 60,
        "the first pause is not the longest": values["image_retry_minutes"] <= values["image_retry_cap_hours"] * 60,
    }
    return [promise for promise, holds in kept.items() if not holds]


def _minutes_until_next(every: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How long what comes at each moment waits for a run."""
    return np.ceil(MOMENTS / every) * every - MOMENTS


def _left(waits: np.ndarray[Any, np.dtype[np.float64]], half_life_hours: float) -> float:
    """What is left of one at the next run, for who waits longest."""
    return float(np.exp2(-waits.max() / HOUR / half_life_hours))
