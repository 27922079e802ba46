"""The times at which the replay trains (cuts) and ranks (steps), chosen to fit the data. Pure.

Five cuts are judged; the warm-up before them only serves to choose the serving order of the first.
Time is counted by first events: an event of a user and post that had one before is no news, and a repeat moves no cut.
If the app is busy enough, the cuts are those of the last six nightly trainings: whole days back from the last one, each
with hourly steps. If a day has too few test users, the last fifth of them is divided into five equally large parts, of
any duration, and one more such part before them is the warm-up; steps are then longer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Events
from shared.neucf.examples import Examples, first_times

N_CUTS = 5  # that are judged
N_WARM_UP = 1  # before them
SHARE = 0.2  # the last share of the pairs of user and post, judged if whole days have too few users
MIN_ASKED = 30  # users of one cut of a whole day; with fewer, the cuts are longer
# Users of all cuts, for a decision: the smallest number in which 5 % of the users (those who lose, say) are all absent
# with a chance below 2.5 %, in round numbers.
MIN_JUDGED = 75
# Posts that were liked in all cuts, as many as would spread the likes as evenly; of fewer, one post's chance decides.
MIN_JUDGED_POSTS = 20
# Of promoting, in one night, a model that is no better; chosen so that in 30 nights, each of which looks at four fifths
# of the likes of the night before, it happens with a chance below 5 % (`python -m benchmarks.judge`).
NIGHTLY_RISK = 0.0025
MAX_STEPS = 72  # of one cut: steps of an hour up to three days, longer steps beyond
SHORTEST_STEP = 3600.0  # seconds; the heuristic is updated more often, but tastes are not
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


def cuts_of(events: Events, examples: Examples, *, min_known: int) -> tuple[ReplayCut, ...]:
    """The cuts in order of time, the warm-up first; fewer if there are too few distinct times.

    Args:
        events: all of them, repeated ones too.
        examples: their positive examples, by time.
        min_known: examples before a cut that a test user needs.
    """
    at = first_times(events)
    if len(at) == 0:
        return ()
    end = float(np.nextafter(at[-1], np.inf))
    days = end - DAY * np.arange(N_CUTS + N_WARM_UP, -1, -1)
    if all(_n_asked(examples, cut, min_known) >= MIN_ASKED for cut in _between(days)):
        return _between(days)
    parts = SHARE / N_CUTS * np.arange(N_CUTS + N_WARM_UP, 0, -1)
    return _between(np.r_[np.quantile(at, 1 - parts), end])


def earliest_cut(events: Events) -> float:
    """A time before which no cut begins, whatever the examples are; infinity without events."""
    at = first_times(events)
    if len(at) == 0:
        return np.inf
    n_parts = N_CUTS + N_WARM_UP
    before_parts = int((1 - SHARE / N_CUTS * n_parts) * (len(at) - 1))
    return min(float(at[-1]) - DAY * n_parts, float(at[max(0, before_parts - 1)]))


def _n_asked(examples: Examples, cut: ReplayCut, min_known: int) -> int:
    first, last = np.searchsorted(examples.at, [cut.start, cut.end])
    known, counts = np.unique(examples.user_id_hashes[:first], return_counts=True)
    return int(np.isin(known[counts >= min_known], examples.user_id_hashes[first:last]).sum())


def _between(times: NDArray[np.floating]) -> tuple[ReplayCut, ...]:
    pairs = zip(times[:-1].tolist(), times[1:].tolist(), strict=True)
    return tuple(ReplayCut(start=start, end=end) for start, end in pairs if end > start)
