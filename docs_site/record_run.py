"""Records the figures of the pictures: `warmline models --json | python -m docs_site.record_run MLFLOW_DB`.

After `make demo` the curves are in `.warmline/mlflow.db`, where the run was mirrored to; the figures are in its report.
"""

import argparse
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from docs_site.pictures import RUN

METRICS = ("hr@10", "ndcg@10", "recall@20")
TRAININGS = {"warm-up": "likes before the replay", "per user": "each user's earlier likes"}  # those that search


def record(models: dict[str, Any], curves: sqlite3.Connection) -> dict[str, Any]:
    """The newest model's replay, and the curves of the trainings that were validated."""
    newest = models["models"][0]
    replay = newest["report"]["replay"]
    return {
        "of": "make demo",
        "users": replay["users"],
        "systems": {
            name: {metric: figures[metric] for metric in METRICS} for name, figures in replay["systems"].items()
        },
        "curves": {
            text: {kind: _series(curves, f"{kind}/{name}") for kind in ("losses", "validations")}
            for name, text in TRAININGS.items()
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """Write docs/pictures/run.json; returns the exit code."""
    parser = argparse.ArgumentParser(prog="docs_site.record_run", description=__doc__)
    parser.add_argument("mlflow_db", type=Path, help="SQLite file of the mirror, such as .warmline/mlflow.db")
    path = parser.parse_args(arguments).mlflow_db
    with closing(sqlite3.connect(path)) as curves:
        made = record(json.load(sys.stdin), curves)
    RUN.write_text(json.dumps(_rounded(made), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _series(curves: sqlite3.Connection, key: str) -> list[list[float]]:
    """Epochs and values of the newest run in the file."""
    rows = curves.execute(
        "SELECT step, value FROM metrics WHERE key = ? AND run_uuid ="
        " (SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT 1) ORDER BY step",
        (key,),
    )
    return [[step, value] for step, value in rows]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
