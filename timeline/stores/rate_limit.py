"""How many requests of a bounded kind are admitted in a window of time, by all processes of this timeline together.

A count per process in their common memory is all that is kept, whoever asks and however often. Two processes that admit
at the same moment may exceed the bound by one each.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from timeline.worker import Worker

WINDOW = timedelta(seconds=10)
_SECONDS = WINDOW.total_seconds()


class RateLimit:
    """The bound of one kind of request."""

    def __init__(self, worker: Worker, *, per_minute: float, now: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            worker: this process, and those beside it.
            per_minute: requests that are admitted, in even parts of `WINDOW`.
            now: seconds, by a clock that all processes share.
        """
        self._worker, self._now = worker, now
        self._most = per_minute * _SECONDS / 60

    def admit(self) -> int:
        """Admit a request; returns 0, or the seconds after which another try is worth it."""
        now = self._now()
        window = now // _SECONDS + 1  # 0 is the value of cells that nobody has written
        if self._worker.cells.admitted_in(window) + 1 > self._most:
            return max(1, int(_SECONDS - now % _SECONDS + 0.999))
        self._worker.cells.note_admitted(self._worker.index, window)
        return 0
