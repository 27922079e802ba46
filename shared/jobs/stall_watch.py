"""Detects a run without progress: it would keep its lease forever, and its job would never run again."""

import time
from collections.abc import Callable
from datetime import timedelta

from shared.run_progress import Progress


class StallWatch:
    """Call `is_stalled` repeatedly; time counts from the last change of the step or its number."""

    def __init__(self, allowed: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed, self._clock = allowed, clock
        self._latest: tuple[str, int, int] | None = None
        self._since = clock()

    def is_stalled(self, progress: Progress | None) -> bool:
        """Whether the progress has not changed for longer than allowed."""
        latest = None if progress is None else (progress.step, progress.done, progress.of)
        if latest != self._latest:
            self._latest, self._since = latest, self._clock()
        return self._clock() - self._since > self._allowed.total_seconds()

    @property
    def reason(self) -> str:
        """The reason to record for a stalled run."""
        where = "before its first step" if self._latest is None else "in step {}, at {} of {}".format(*self._latest)
        minutes = self._allowed.total_seconds() / 60
        return (
            f"no progress for {minutes:g} minutes {where}: given up, its process ended; WARMLINE_RUN_STALLED_MINUTES"
            " is how long a run may stand still"
        )
