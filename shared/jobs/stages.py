"""Measures how long the parts of a run take, and counts what they depend on, for its report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

REST = "rest"  # the time outside all parts


class Stopwatch:
    """Starts when it is created. Parts do not overlap; times of a repeated part are added."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._seconds: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block, also if it fails."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - begun)

    def add(self, name: str, seconds: float) -> None:
        """Add a time that was measured elsewhere."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def include(self, other: "Stopwatch", *, within: float | None = None) -> None:
        """Add the parts and counts of another one.

        Args:
            other: measured elsewhere.
            within: seconds in which all of that happened, side by side: if its parts took more together, each counts
                with its share of these seconds, so that parts still add up to the time of the run.
        """
        sum_of_parts = sum(other._seconds.values())
        share = 1.0 if within is None or sum_of_parts <= within else within / sum_of_parts
        for name, seconds in other._seconds.items():
            self.add(name, seconds * share)
        for name, n in other._counts.items():
            self.count(name, n)

    def count(self, name: str, n: int) -> None:
        """Add to a count."""
        self._counts[name] = self._counts.get(name, 0) + n

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    def stages(self) -> dict[str, float]:
        """Seconds of each part, and the rest until now."""
        rest = max(0.0, self.seconds - sum(self._seconds.values()))
        return {name: round(value, 3) for name, value in {**self._seconds, REST: rest}.items()}

    def counts(self) -> dict[str, int]:
        """All counts."""
        return dict(self._counts)
