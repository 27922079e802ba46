"""How long the parts of a run took, and how much there was of what they grow with: what its report keeps of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

REST = "rest"  # what no part has taken


class Stopwatch:
    """Runs from when it is made. Parts do not overlap; one that is timed again adds up."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._seconds: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block; one that fails counts too."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - begun)

    def add(self, name: str, seconds: float) -> None:
        """Time that somebody else has taken."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def count(self, name: str, n: int) -> None:
        """So many more of something."""
        self._counts[name] = self._counts.get(name, 0) + n

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._begun

    def stages(self) -> dict[str, float]:
        """Seconds of each part, and of the rest until now."""
        rest = max(0.0, self.seconds - sum(self._seconds.values()))
        return {name: round(value, 3) for name, value in {**self._seconds, REST: rest}.items()}

    def counts(self) -> dict[str, int]:
        """What was counted."""
        return dict(self._counts)
