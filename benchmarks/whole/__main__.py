"""`python -m benchmarks.whole`: generate, heuristic, load, train (few epochs, one member), score; each by itself.

Encoding is left out: the vectors are made with the world. So are the replay and the gate.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.child import Facts, measure_in_child
from benchmarks.databases import environment, migrated_database
from benchmarks.figures import Result, Row, console, count, parser, refusals, report
from demo.embedded import embedded_servers

STAGES = ("generate", "heuristic", "load", "train", "score")
SIZE = {"users": 200_000, "posts": 200_000, "interactions": 5_000_000}
QUICK = {"users": 2_000, "posts": 2_000, "interactions": 30_000}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else {name: getattr(given, name) for name in SIZE}
    options = {**size, "epochs": given.epochs, "seed": given.seed, "now": datetime.now(UTC).isoformat()}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    screen, found = console(), dict[str, Facts]()
    with (
        refusals("whole"),
        tempfile.TemporaryDirectory(prefix="warmline-whole-") as home,
        embedded_servers(Path(home), durable=False) as servers,
        migrated_database(servers.database_url) as url,
    ):
        where = {**environment(url, redis_url=servers.redis_url), "WARMLINE_MODEL_DIR": str(Path(home) / "models")}
        for stage in STAGES:
            found[stage] = measure_in_child("benchmarks.whole.stage", [stage, *flags], where)
            told = ", ".join(f"{name} {value:,.1f}" for name, value in found[stage].items())
            screen.print(f"{stage}: {told}", markup=False)
        title = ", ".join(f"{value:,} {name}" for name, value in size.items())
        notes = {"seed": str(given.seed), "epochs": str(given.epochs)}
        return report(Result(title=title, rows=rows_of(found), notes=notes), given.json)


def rows_of(found: dict[str, Facts]) -> list[Row]:
    """Time and peak of each stage."""
    return [
        row
        for stage, facts in found.items()
        for row in (
            Row(system=stage, metric="time", value=facts["seconds"], unit="s"),
            Row(system=stage, metric="peak RSS", value=facts["peak MiB"], unit="MiB"),
        )
    ]


def _parser() -> argparse.ArgumentParser:
    made = parser("whole", __doc__)
    for name, value in SIZE.items():
        made.add_argument(f"--{name}", type=count, default=value, help=f"{name} ({value:,})")
    made.add_argument("--epochs", type=count, default=2, help="epochs of the training (2)")
    return made


if __name__ == "__main__":
    sys.exit(main())
