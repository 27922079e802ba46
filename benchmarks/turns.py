"""Systems measured in one run: each does its share in every round, and another one begins each time.

What makes a shared machine slow for a while makes all of them slow by turns: only their ratios mean something.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TypeVar

from benchmarks.resident import forget_peak, peak_rss

System = TypeVar("System")
Work = Callable[[], float]  # does a share; gives how much it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one system did."""

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
    systems: Mapping[str, Work], *, rounds: int, tell: Callable[[str, int, int], None] | None = None
) -> dict[str, Rates]:
    """Do every system's share in each round. The first time of each is not counted: caches fill, loops are compiled."""
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
        if tell is not None:
            tell("rounds", each + 1, rounds)
    return {name: Rates(per_second=tuple(rates[name]), peak=peaks[name]) for name in systems}


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds of one figure in parts of the other."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))
