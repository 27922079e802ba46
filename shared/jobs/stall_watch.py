"""Whether a run still moves: one that waits for ever would keep its lease for ever, and its job never run again."""

import time
from collections.abc import Callable
from datetime import timedelta

from shared.run_progress import Progress


class StallWatch:
    """Looks at a run's progress again and again; time counts from the last change of step or number."""

    def __init__(self, allowed: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed, self._clock = allowed, clock
        self._latest: tuple[str, int, int] | None = None
        self._since = clock()

    def is_stalled(self, progress: Progress | None) -> bool:
        """Whether nothing has changed for too long."""
        latest = None if progress is None else (progress.step, progress.done, progress.of)
        if latest != self._latest:
            self._latest, self._since = latest, self._clock()
        return self._clock() - self._since > self._allowed.total_seconds()

    @property
    def reason(self) -> str:
        """What to say of a run that stands still."""
        where = "before its first step" if self._latest is None else "in step {}, at {} of {}".format(*self._latest)
        minutes = self._allowed.total_seconds() / 60
        return (
            f"no progress for {minutes:g} minutes {where}: given up, its process ended; WARMLINE_RUN_STALLED_MINUTES"
            " is how long a run may stand still"
        )
