"""`python -m benchmarks.load`: interactions out of PostgreSQL into arrays, as training loads them.

From Warmline's own tables, through views over an app's tables with UUIDs, and as plain psycopg2 with lists and
dictionaries (on a twentieth of the rows, since it needs fifteen times the memory).
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.child import Facts, measure_in_child
from benchmarks.databases import environment, migrated_database
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.load.once import OURS, PLAIN
from benchmarks.turns import in_turn, paired_ratio
from benchmarks.world.fill import fill_app_tables, fill_own_tables
from benchmarks.world.shape import Size, make_world
from demo.embedded import embedded_servers

ROWS, QUICK_ROWS = 10_000_000, 300_000
SECONDS, MIB, VIEWS_FACTOR = 40.0, 1536.0, 2.0  # what must hold for ROWS; the aim is 15 s
PLAIN_SHARE = 20
OWN, VIEWS, NAIVE = "own tables", "views with UUID ids", "plain psycopg2"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    rows = QUICK_ROWS if given.quick else given.rows
    with (
        refusals("load"),
        tempfile.TemporaryDirectory(prefix="warmline-load-") as home,
        embedded_servers(Path(home), durable=False, redis=False) as servers,
        migrated_database(servers.database_url) as own,
        migrated_database(servers.database_url) as app,
    ):
        size = Size(users=max(1000, rows // 100), posts=max(1000, rows // 100), interactions=rows, blocks=rows // 1000)
        world = make_world(size, seed=given.seed, now=datetime.now(UTC))
        fill_own_tables(own, world, indexes=False)
        fill_app_tables(app, world, indexes=False)
        loads = {
            OWN: (OURS, rows, environment(own)),
            VIEWS: (OURS, rows, environment(app, views=True)),
            NAIVE: (PLAIN, rows // PLAIN_SHARE, environment(own)),
        }
        measured = _measured(loads, given.rounds)
        rows_, bounds = rows_of(measured, rows), bounds_of(measured, rows)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds)}
        return report(Result(title=f"load of {size}", rows=rows_, bounds=bounds, notes=notes), given.json)


def rows_of(measured: Mapping[str, list[Facts]], rows: int) -> list[Row]:
    """Seconds, rate and memory of each; ratios of rates to the plain one's."""
    found = []
    for system, rounds in measured.items():
        rate = [each["rows"] / each["seconds"] for each in rounds]
        ratio = None if system == NAIVE else paired_ratio(rate, [e["rows"] / e["seconds"] for e in measured[NAIVE]])
        seconds = statistics.median(each["seconds"] for each in rounds)
        loaded = int(rounds[0]["rows"])
        found += [
            Row(system=system, metric=f"time of {loaded:,} rows", value=seconds, unit="s"),
            Row(system=system, metric="rate", value=statistics.median(rate), unit="rows/s", ratio=ratio),
            Row(system=system, metric="peak RSS", value=max(e["peak MiB"] for e in rounds), unit="MiB"),
        ]
        assert system == NAIVE or loaded == rows
    return found


def bounds_of(measured: Mapping[str, list[Facts]], rows: int) -> list[Bound]:
    """What must hold; the time in proportion to the rows."""
    return [
        at_most(f"seconds, {OWN}", statistics.median(_seconds(measured[OWN])), SECONDS * max(rows / ROWS, 0.05)),
        at_most(f"peak MiB, {OWN}", max(each["peak MiB"] for each in measured[OWN]), MIB * max(rows / ROWS, 0.2)),
        at_most(f"{VIEWS} ÷ {OWN}", paired_ratio(_seconds(measured[VIEWS]), _seconds(measured[OWN])), VIEWS_FACTOR),
    ]


def _measured(loads: Mapping[str, tuple[str, int, Mapping[str, str]]], rounds: int) -> dict[str, list[Facts]]:
    """Each load in a process of its own; they take turns."""
    measured: dict[str, list[Facts]] = {name: [] for name in loads}
    for _, name in in_turn(list(loads), rounds=rounds):
        system, rows, where = loads[name]
        measured[name].append(measure_in_child("benchmarks.load.once", [system, str(rows)], where))
    return measured


def _seconds(rounds: list[Facts]) -> list[float]:
    return [each["seconds"] for each in rounds]


def _parser() -> argparse.ArgumentParser:
    made = parser("load", __doc__)
    made.add_argument("--rows", type=count, default=ROWS, help="interactions (10,000,000)")
    made.add_argument("--rounds", type=count, default=3, help="loads of each (3)")
    return made


if __name__ == "__main__":
    sys.exit(main())
