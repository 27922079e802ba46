"""Several timeline processes (WARMLINE_WORKERS) beside one, by turns: the pages of a second of their processor time.

Each process has as many connections as the one has: fewer would send fewer commands to Redis together, which is the
load's doing and not that of the processes.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import figures
from benchmarks.figures import Bound, Result, Row
from benchmarks.serve.against import targets_of
from benchmarks.serve.asking import LIMIT
from benchmarks.serve.checkout import THIS
from benchmarks.serve.rounds import CURSOR, FIRST, Effort, Measured, MeasuredTimeline
from benchmarks.serve.world import WorldSize
from benchmarks.turns import in_turn, median_interval
from demo.embedded import Servers

MUST_WORK = 0.9  # of the pages that one process serves in a second of processor time


def compare_workers(workers: int, home: Path, stores: Servers, size: WorldSize, effort: Effort) -> Result:
    """All rounds of one process and of several."""
    with targets_of((THIS, THIS), home, stores, size, effort, workers=(1, workers)) as (one, several):
        kinds = [f"{page}, {kind}" for page in (FIRST, CURSOR) for kind in one.tokens]
        found = [(Measured(system=kind), Measured(system=kind)) for kind in kinds]
        for target in (one, several):
            target.visit()
        for number, pair in in_turn(found, rounds=effort.rounds):
            both = [*zip(pair, (one, several), strict=True)]
            for measured, target in both if number % 2 else both[::-1]:
                _ask(measured, target, effort)
    return Result(
        title=f"pages of {LIMIT}, {workers} processes beside one, {effort.rounds} rounds of {effort.requests:,}",
        ratio="to one process",
        rows=[row for pair in found for row in _rows(*pair, workers)],
        bounds=[_bound(*pair) for pair in found],
        notes={"seed": str(size.seed), "connections of a process": str(effort.connections)},
    )


def _ask(measured: Measured, target: MeasuredTimeline, effort: Effort) -> None:
    measured.ask(target.timeline, target.pages(measured.system, effort.requests), connections=target.connections)


def _rows(one: Measured, several: Measured, workers: int) -> Iterator[Row]:
    rates = [many.rate / single.rate for many, single in zip(several.full, one.full, strict=True)]
    for count, each, ratios in ((1, one, None), (workers, several, (median(rates), median(_ratios(one, several))))):
        system, microseconds = f"{each.system}, {count} of them", 1e6 * median(each.processor)
        rate, processor = ratios or (None, None)
        yield Row(system=system, metric="requests", value=each.rate, unit="1/s", ratio=rate)
        yield Row(system=system, metric="processor", value=microseconds, unit="µs/request", ratio=processor)


def _ratios(one: Measured, several: Measured) -> list[float]:
    """For each round, the pages of a second of processor time, of several processes to one."""
    return [single / shared for single, shared in zip(one.processor, several.processor, strict=True)]


def _bound(one: Measured, several: Measured) -> Bound:
    ratios = _ratios(one, several)
    low, high = median_interval(ratios)
    what = f"{one.system}, pages per second of processor time (95 %: {low:.3f} to {high:.3f})"
    return figures.at_least(what, median(ratios), MUST_WORK)
