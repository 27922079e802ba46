"""Measures systems by turns in one run: each does its share in every round, and each round begins with another one.

A shared machine that is slow for a while slows down all of them: only their ratios are meaningful.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from time import perf_counter
from typing import TypeVar

from benchmarks.resident import forget_peak, peak_rss

System = TypeVar("System")
Work = Callable[[], float]  # does a share; returns how much it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates of one system."""

    per_second: tuple[float, ...]  # one number a round
    peak: int  # bytes of memory of this process while it worked, at most

    @property
    def median(self) -> float:
        return median(self.per_second)


def in_turn(systems: Sequence[System], *, rounds: int) -> Iterator[tuple[int, System]]:
    """Each system in each round, with the round's number from 0 on."""
    for each in range(rounds):
        start = each % len(systems)
        for system in [*systems[start:], *systems[:start]]:
            yield each, system


def take_turns(
    systems: Mapping[str, Work], *, rounds: int, report_progress: Callable[[str, int, int], None] | None = None
) -> dict[str, Rates]:
    """Run every system's share in each round. The first run of each is a warm-up and not counted."""
    for work in systems.values():
        work()
    rates: dict[str, list[float]] = {name: [] for name in systems}
    peaks = dict.fromkeys(systems, 0)
    for each, name in in_turn(list(systems), rounds=rounds):
        forget_peak()
        begun = perf_counter()
        amount = systems[name]()
        rates[name].append(amount / (perf_counter() - begun))
        peaks[name] = max(peaks[name], peak_rss())
        if report_progress is not None:
            report_progress("rounds", each + 1, rounds)
    return {name: Rates(per_second=tuple(rates[name]), peak=peaks[name]) for name in systems}


def paired_ratio(ours: Sequence[float], baseline: Sequence[float]) -> float:
    """The median over rounds of the ratio of two figures."""
    return median(mine / other for mine, other in zip(ours, baseline, strict=True))


def median_interval(values: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float]:
    """A confidence interval of the median for any distribution (from the sign test).

    Args:
        values: one per round, independent of each other.
        confidence: at least; fewer than 6 values cannot reach 0.95, and get their whole range.
    """
    ordered, count = sorted(values), len(values)
    kept, outside = 0, 2 / 2**count  # values left out at each end, and how likely the median lies among them
    for left_out in range(1, count // 2):
        outside += 2 * comb(count, left_out) / 2**count
        if outside > 1 - confidence:
            break
        kept = left_out
    return ordered[kept], ordered[-1 - kept]
