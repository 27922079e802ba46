"""The figures of an evaluation as JSON values, for PostgreSQL and for display."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from s02_train_neucf.evaluation.cold_posts import K as COLD_K
from s02_train_neucf.evaluation.evaluate import ColdRow, Report
from s02_train_neucf.evaluation.metrics import Interval

if TYPE_CHECKING:
    from s02_train_neucf.report import EvaluationResult


def report_json(evaluation: "EvaluationResult") -> dict[str, Any]:
    """The figures as JSON values, for PostgreSQL and for display."""
    replay = evaluation.replay
    return {
        "replay": {
            "cuts": [
                {
                    "from": cut.cut.start,
                    "until": cut.cut.end,
                    "steps": cut.n_steps,
                    "users": cut.n_users,
                    "final_ranker": cut.ranker.to_json(),
                }
                for cut in replay.cuts
            ],
            "final_ranker": replay.ranker.to_json(),
            "comparisons": [each.to_json() for each in replay.comparisons],
            "served": replay.served.to_json(),
            "gains": {name: asdict(gain) for name, gain in replay.gains.items()},
            **({"missing": replay.missing} if replay.report is None else _json(replay.report)),
        },
        "cuts": {name: _json(report) for name, report in evaluation.cuts.items()},
    }


def _json(report: Report) -> dict[str, Any]:
    return {
        "protocol": report.protocol,
        "users": report.n_users,
        "posts": report.n_posts,
        "systems": {system: _figures(figures) for system, figures in report.figures.items()},
        "differences": {system: _figures(figures) for system, figures in report.differences.items()},
        "spread": {system: dict(values) for system, values in report.spread.items()},
        "slices": {
            system: {group: _figures(figures) for group, figures in groups.items()}
            for system, groups in report.slices.items()
        },
        "left_out": dict(report.left_out),
        "settings": {system: dict(setting) for system, setting in report.settings.items()},
        **({} if report.cold is None else {"cold_posts": _cold_json(report.cold)}),
    }


def _cold_json(cold: ColdRow) -> dict[str, Any]:
    metric = f"recall@{COLD_K}"
    return {
        "users": cold.n_users,
        "posts": cold.n_posts,
        "by_chance": {metric: cold.by_chance},
        "systems": {system: _figures({metric: figure}) for system, figure in cold.figures.items()},
        "says_nothing": dict(cold.says_nothing),
    }


def _figures(figures: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {metric: {"mean": value.mean, "low": value.low, "high": value.high} for metric, value in figures.items()}
