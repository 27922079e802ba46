"""Measurements as rows of JSON: one per system, protocol and seed, and a mean if there are several seeds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkRefused
from benchmarks.quality.measure import Measured, Measurement, mean_over_seeds
from benchmarks.quality.systems import NEUCF
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval, PerUser

BOOTSTRAP_SEED = 0
MEAN = "mean"

Row = dict[str, Any]


def differences(measured: Measured, protocol: str) -> dict[str, dict[str, Interval]]:
    """NeuCF less each other system, user by user, over the mean of the seeds. -> system to metric to interval"""
    by_system = measured.of(protocol)
    if NEUCF not in by_system:
        return {}
    ours = mean_over_seeds(by_system[NEUCF])
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    return {
        name: {
            metric: metrics.paired_difference(ours[metric], baseline, chance)
            for metric, baseline in mean_over_seeds(those).items()
        }
        for name, those in by_system.items()
        if name != NEUCF
    }


def intervals(values: Mapping[str, PerUser]) -> dict[str, Interval]:
    """Each metric's mean over users with its interval."""
    chance = np.random.default_rng(BOOTSTRAP_SEED)
    return {name: metrics.interval(column, chance) for name, column in values.items()}


def rows_of(measured: Measured) -> list[Row]:
    """All rows of a data set, in the order of the tables."""
    rows = []
    for protocol in measured.protocols:
        for those in measured.of(protocol).values():
            rows += [_row(each) for each in those]
            if len(measured_seeds(measured)) > 1:
                rows.append(_mean_row(those))
    return rows


def measured_seeds(measured: Measured) -> list[int]:
    """The seeds of a run, in their order."""
    return list(dict.fromkeys(each.seed for each in measured.measurements))


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write a JSON array.

    Raises:
        BenchmarkRefused: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(rows, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BenchmarkRefused(f"--json {path}: {error.strerror}; name a file in a folder that exists") from error


def means(those: Sequence[Measurement]) -> dict[str, float]:
    """Every figure, the mean over users and seeds."""
    values = {name: float(column.mean()) for name, column in mean_over_seeds(those).items()}
    whole = [each.answered.whole for each in those]
    return {**values, **{name: float(np.mean([each[name] for each in whole])) for name in whole[0]}}


def _row(each: Measurement) -> Row:
    return _line(each, means([each]), each.seed)


def _mean_row(those: Sequence[Measurement]) -> Row:
    values = means(those)
    return {**_line(those[0], values, MEAN), "seconds": round(float(np.mean([each.seconds for each in those])), 3)}


def _line(each: Measurement, values: Mapping[str, float], seed: int | str) -> Row:
    return {
        "system": each.system,
        "dataset": each.dataset,
        "protocol": each.protocol,
        "metrics": dict(values),
        "seconds": round(each.seconds, 3),
        "seed": seed,
    }
