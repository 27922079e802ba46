"""The progress of a run as one number: its steps in order, each with its share of the whole. Pure except for time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

MIN_PERCENT = 3.0  # before so much is done, what is left cannot be told

ReportProgress = Callable[[str, int, int], None]  # step, done, of how many


def ignore_progress(_step: str, _done: int, _total: int) -> None:
    """For callers who do not need the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a run at one moment."""

    step: str
    done: int  # of the step
    of: int
    percent: float  # of the whole run
    seconds: float  # since the run began
    seconds_left: float | None  # None: too early to tell

    def to_json(self) -> dict[str, Any]:
        """For the run's row."""
        return asdict(self)


class RunProgress:
    """Takes reports from the run's thread; another thread reads the progress, which never goes backwards.

    A run first sets its plan: the names of its steps in order, each with its share (of any sum). Reporting a step ends
    all steps before it; a step that is not in the plan shows its name and does not change the progress.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._spans: dict[str, tuple[float, float]] = {}  # step -> where it begins, and its length, in parts of one
        self._latest = ("", 0, 0)
        self._share = 0.0

    def plan(self, shares: Mapping[str, float]) -> None:
        """Set the steps and their shares. A share of 0 is a step that takes no time."""
        whole = sum(shares.values()) or 1.0
        begin, spans = 0.0, {}
        for step, share in shares.items():
            spans[step] = (begin / whole, share / whole)
            begin += share
        self._spans = spans

    def report(self, step: str, done: int, total: int) -> None:
        """Report that `done` of `total` parts of a step are done."""
        begin, length = self._spans.get(step, (0.0, 0.0))
        part = min(1.0, done / total) if total > 0 else 1.0
        self._share = max(self._share, begin + length * part)
        self._latest = (step, done, total)

    def end(self) -> None:
        """Report that everything is done."""
        self._share = 1.0
        self._latest = ("done", 1, 1)

    def now(self) -> Progress | None:
        """The progress now; None if nothing was reported yet."""
        (step, done, total), share = self._latest, self._share
        if not step:
            return None
        seconds = self._clock() - self._begun
        left = seconds * (1 - share) / share if 100 * share >= MIN_PERCENT else None
        return Progress(
            step=step,
            done=done,
            of=total,
            percent=round(100 * share, 1),
            seconds=round(seconds, 1),
            seconds_left=None if left is None else round(left, 1),
        )
