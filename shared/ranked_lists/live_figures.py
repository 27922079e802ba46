"""What live passes do, for the operator: read from the queue, and from the counts that the rankers keep in Redis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """The live passes of a phase."""

    is_listening: bool = False  # a ranker has a queue
    backlog: int = 0  # users who wait
    lag_seconds: float = 0.0  # how long the first of them has been waiting
    # Since the first pass, of all processes: passes (users), batches, events, seconds, cpu_seconds, lag_seconds (from
    # the first event to the list, of each batch), missed (users whom the queue did not know of), renewed (lists made
    # because new posts had come).
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def mean_lag_seconds(self) -> float:
        """From an event to the list, on average over all batches; 0 without any."""
        return self.counts.get("lag_seconds", 0.0) / max(1.0, self.counts.get("batches", 0.0))


def figures_of(now: tuple[int, int], length: Any, first: Any, exists: Any, counts: Any) -> LiveFigures:
    """The figures in Redis' answers: its time, then of a phase the length and the first entry of the queue, whether
    there is one, and the counts. An answer that is an error counts as nothing.
    """
    is_listening = exists == 1 and isinstance(length, int)
    lag = 0.0
    if is_listening and isinstance(first, list) and first:
        lag = max(0.0, now[0] + now[1] / 1e6 - int(first[0][0].partition(b"-")[0]) / 1000)
    return LiveFigures(
        is_listening=is_listening,
        backlog=length if is_listening else 0,
        lag_seconds=lag,
        counts={name.decode(): float(each) for name, each in counts.items()} if isinstance(counts, dict) else {},
    )
