"""`python -m benchmarks.ingest`: events a second, of one timeline process beside a plain FastAPI route.

1, 20 and 1,000 events a request, over 1, 16 and 64 connections, by turns in one run, on a PostgreSQL that waits for the
disk at each commit. The plain route commits one INSERT of all events of a request (`benchmarks.ingest.plain`).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.databases import migrated_database
from benchmarks.figures import Bound, Result, Row, at_least, at_most, count, parser, refusals, report
from benchmarks.ingest import plain
from benchmarks.ingest.asking import Events, pairs
from benchmarks.ingest.filling import execute, fill
from benchmarks.ingest.housekeeping import measure
from benchmarks.serve import servers
from benchmarks.serve.client import Timing, ask, ask_at
from benchmarks.serve.servers import Served
from benchmarks.turns import in_turn, median_interval
from demo.embedded import embedded_servers

OURS, PLAIN = "timeline", "plain route"
SIZES, CONNECTIONS = (1, 20, 1_000), (1, 16, 64)
REQUESTS = {1: 3_000, 20: 600, 1_000: 40}  # of a round, at 16 and more connections; a tenth of them at one
LEAST = {(1, 16): 1.2, (1, 64): 1.5, (1_000, 1): 0.5, (1_000, 16): 0.5, (1_000, 64): 0.5}  # of the plain route's
MOST_P99 = 0.050  # seconds, of single events at half load


@dataclass(slots=True, kw_only=True)
class Case:
    """One kind of load on one system."""

    system: str
    size: int  # events a request
    connections: int
    full: list[Timing] = field(default_factory=list)
    half: list[Timing] = field(default_factory=list)
    unexpected: int = 0
    first_unexpected: str = ""

    @property
    def events(self) -> list[float]:
        """Events a second, one figure a round."""
        return [self.size * each.rate for each in self.full]

    @property
    def name(self) -> str:
        return f"{self.size:,} a request, {self.connections} connections"

    def note(self, asked: Events) -> None:
        """Answers that were not as expected."""
        self.unexpected += asked.unexpected.count
        self.first_unexpected = self.first_unexpected or asked.unexpected.first


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    if given.housekeeping:
        return _housekeeping(given)
    cases = [
        Case(system=system, size=size, connections=connections)
        for size in SIZES
        for connections in CONNECTIONS
        for system in (OURS, PLAIN)
        if given.size in (None, size) and (not given.quick or (size == 1 and connections == CONNECTIONS[1]))
    ]
    with (
        refusals("ingest"),
        tempfile.TemporaryDirectory(prefix="warmline-ingest-") as home,
        _served(Path(home)) as both,
    ):
        _measure(cases, both, rounds=3 if given.quick else given.rounds, seed=given.seed)
    unexpected = sum(case.unexpected for case in cases)
    notes = {"seed": f"{given.seed}", "odd answers": f"{unexpected}"} | (
        {"first": next(case.first_unexpected for case in cases if case.unexpected)} if unexpected else {}
    )
    rows, bounds = [row for case in cases for row in _rows(case, cases)], [*_bounds(cases)]
    return report(Result(title="events into PostgreSQL", rows=rows, bounds=bounds, notes=notes), given.json)


def _housekeeping(given: argparse.Namespace) -> int:
    with refusals("ingest"), tempfile.TemporaryDirectory(prefix="warmline-ingest-") as home:
        return report(measure(Path(home), rounds=3 if given.quick else given.rounds, seed=given.seed), given.json)


@contextmanager
def _served(home: Path) -> Iterator[Mapping[str, Served]]:
    """Both systems, each with a database of its own on the same servers."""
    with (
        embedded_servers(home / "servers", durable=True) as stores,
        migrated_database(stores.database_url) as ours,
        migrated_database(stores.database_url) as plain_url,
    ):
        fill(ours)
        execute(plain_url, plain.CREATE)
        with (
            servers.timeline(home, database_url=ours, redis_url=stores.redis_url, path="/healthz") as timeline,
            servers.module(home, "benchmarks.ingest.plain", plain_url, path="/openapi.json") as route,
        ):
            yield {OURS: timeline, PLAIN: route}


def _measure(cases: Sequence[Case], both: Mapping[str, Served], *, rounds: int, seed: int) -> None:
    sources = {system: pairs() for system in both}
    for system, served in both.items():  # all code has run before the first round
        ask(served.port, Events(left=64, size=1, source=sources[system]), connections=16)
    for number, case in in_turn(cases, rounds=rounds):
        port, requests = both[case.system].port, _requests(case)
        asked = Events(left=requests, size=case.size, source=sources[case.system])
        case.full.append(ask(port, asked, connections=case.connections))
        case.note(asked)
        if case.size == 1:
            asked = Events(left=requests // 2, size=1, source=sources[case.system])
            case.half.append(
                ask_at(port, asked, connections=case.connections, rate=case.full[-1].rate / 2, count=requests // 2,
                       seed=seed + number)
            )  # fmt: skip
            case.note(asked)


def _requests(case: Case) -> int:
    return max(8, REQUESTS[case.size] // (10 if case.connections == 1 else 1))


def _plain(case: Case, cases: Sequence[Case]) -> Case:
    """The plain route's case of the same load."""
    return next(
        other for other in cases
        if other.system == PLAIN and (other.size, other.connections) == (case.size, case.connections)
    )  # fmt: skip


def _ratios(case: Case, cases: Sequence[Case]) -> list[float]:
    return [mine / its for mine, its in zip(case.events, _plain(case, cases).events, strict=True)]


def _rows(case: Case, cases: Sequence[Case]) -> Iterator[Row]:
    name, ratio = f"{case.name}, {case.system}", median(_ratios(case, cases)) if case.system == OURS else None
    yield Row(system=name, metric="events", value=median(case.events), unit="1/s", ratio=ratio)
    yield Row(system=name, metric="p99", value=1e3 * median(each.quantile(0.99) for each in case.full), unit="ms")
    if case.half:
        p99 = median(each.quantile(0.99) for each in case.half)
        yield Row(system=name, metric="p99 at half load", value=1e3 * p99, unit="ms")


def _bounds(cases: Sequence[Case]) -> Iterator[Bound]:
    for case in cases:
        if case.system != OURS:
            continue
        if (least := LEAST.get((case.size, case.connections))) is not None:
            low, high = median_interval(ratios := _ratios(case, cases))
            yield at_least(f"{case.name}, to the plain route (95 %: {low:.2f} to {high:.2f})", median(ratios), least)
        if case.half:
            p99 = median(each.quantile(0.99) for each in case.half)
            yield at_most(f"{case.name}, seconds of p99 at half load", p99, MOST_P99)


def _parser() -> argparse.ArgumentParser:
    made = parser("ingest", __doc__)
    made.add_argument("--rounds", type=count, default=9, help="rounds (9)")
    made.add_argument("--size", type=int, choices=SIZES, help="only requests with so many events")
    made.add_argument(
        "--housekeeping", action="store_true", help="single events, with and without old ones being removed meanwhile"
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
