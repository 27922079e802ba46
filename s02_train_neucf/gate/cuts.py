"""When the replay trains and ranks: cuts that fit the data, and steps between them. Pure.

Five cuts are judged; one before them, the warm-up, is only there to choose the serving order of the first.
Where an app is busy enough, the cuts are those of the last six nightly trainings: whole days back from the last event,
each with a day of hourly steps. Where a day holds too few people to ask, the last fifth of the events is cut into five
parts of equally many events, however long they took, with one more such part before them as the warm-up; steps are as
long as they must be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.neucf.examples import Examples

N_CUTS = 5  # that are judged
N_WARM_UP = 1  # before them
SHARE = 0.2  # of the events, by time, that are judged where whole days hold too few people
MIN_ASKED = 30  # users below which an interval says little
MAX_STEPS = 72  # of one cut: hours up to three days, longer ones from then on
SHORTEST_STEP = 3600.0  # seconds; the heuristic is renewed more often, but nobody's taste is
DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayCut:
    """A training at `start`, and the time until the next one. Seconds since 1970; `end` is not part of it."""

    start: float
    end: float

    def steps(self) -> tuple["ReplayCut", ...]:
        """Equal parts of an hour or longer, `MAX_STEPS` at most."""
        count = min(MAX_STEPS, max(1, int((self.end - self.start) // SHORTEST_STEP)))
        return _between(np.linspace(self.start, self.end, count + 1))


def cuts_of(at: NDArray[np.float64], examples: Examples, *, min_known: int) -> tuple[ReplayCut, ...]:
    """The cuts, one after the other, the warm-up first; fewer where the events have too few distinct times.

    Args:
        at: (n_events,) times of all events.
        examples: positive examples, by time.
        min_known: examples that a user needs before a day in order to be asked in it.
    """
    if len(at) == 0:
        return ()
    end = float(np.nextafter(at.max(), np.inf))
    days = end - DAY * np.arange(N_CUTS + N_WARM_UP, -1, -1)
    if all(_n_asked(examples, cut, min_known) >= MIN_ASKED for cut in _between(days)):
        return _between(days)
    parts = SHARE / N_CUTS * np.arange(N_CUTS + N_WARM_UP, 0, -1)
    return _between(np.r_[np.quantile(at, 1 - parts), end])


def _n_asked(examples: Examples, cut: ReplayCut, min_known: int) -> int:
    first, last = np.searchsorted(examples.at, [cut.start, cut.end])
    known, counts = np.unique(examples.user_id_hashes[:first], return_counts=True)
    return int(np.isin(known[counts >= min_known], examples.user_id_hashes[first:last]).sum())


def _between(times: NDArray[np.floating]) -> tuple[ReplayCut, ...]:
    pairs = zip(times[:-1].tolist(), times[1:].tolist(), strict=True)
    return tuple(ReplayCut(start=start, end=end) for start, end in pairs if end > start)
