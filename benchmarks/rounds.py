"""Several systems measured in one run: each does its share in every round, in another order each time.

A machine that others use as well is slow for all of them by turns; medians over rounds, and ratios of medians, hold.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")  # Linux alone has them

Work = Callable[[], float]  # does a share; gives how much it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one system did."""

    per_second: tuple[float, ...]  # one number a round
    peak: int  # bytes of memory of this process while it worked, at most; 0 where it cannot be told

    @property
    def median(self) -> float:
        return median(self.per_second)


def interleaved(
    systems: Mapping[str, Work], rounds: int, tell: Callable[[str, int, int], None] | None = None
) -> dict[str, Rates]:
    """Do every system's share in each round. The first time of each is not counted: caches fill, loops are compiled."""
    names = list(systems)
    for name in names:
        systems[name]()
    rates: dict[str, list[float]] = {name: [] for name in names}
    peaks = dict.fromkeys(names, 0)
    for done in range(rounds):
        for name in names[done % len(names) :] + names[: done % len(names)]:
            forget_peak()
            begun = perf_counter()
            amount = systems[name]()
            rates[name].append(amount / (perf_counter() - begun))
            peaks[name] = max(peaks[name], peak_memory())
        if tell is not None:
            tell("rounds", done + 1, rounds)
    return {name: Rates(per_second=tuple(rates[name]), peak=peaks[name]) for name in names}


def forget_peak() -> None:
    """Let the kernel begin anew with the peak."""
    with suppress(OSError):  # no Linux, or not allowed: the peak is then that of the whole process, which is not below
        CLEAR.write_text("5", encoding="ascii")


def peak_memory() -> int:
    """Bytes of memory this process held at most since `forget_peak`; 0 where it cannot be told."""
    return _status("VmHWM")


def memory_now() -> int:
    """Bytes of memory this process holds; 0 where it cannot be told."""
    return _status("VmRSS")


def _status(name: str) -> int:
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(name + ":")), 0)
