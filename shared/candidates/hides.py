"""Which posts users have hidden lately, and how much each of these still tells. Pure.

Somebody who hides a post has often had enough of that one post, not of all that are like it. So it says less than an
explicit wish for less (see `shared.candidates.asked_for`), and is forgotten with time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events, Floats, Int64s

MOST = 20  # hides of one user that count, the latest: what a list costs is bounded by it
COUNTS_FOR = timedelta(days=30)  # after that an eighth of it would be left
HALF_LIFE = timedelta(days=10)
# Of a wish (1.0 is an explicit "less"): what is wholly like a post that was just hidden comes twice as late. Of several
# hides the one that tells most counts. Chosen by measurement, see docs/adr/0049.
STRENGTH_OF_HIDE = 0.35


class Hides(NamedTuple):
    """What one user has hidden, the latest first."""

    post_id_hashes: Int64s  # (n_hides,), each once
    weights: Floats  # (n_hides,) in (0, STRENGTH_OF_HIDE]


def recent_hides(events: Events, *, since: datetime, now: datetime) -> Mapping[int, Hides]:
    """The latest hides of each user, by the user's id hash; users without any are left out.

    Args:
        events: of these users, in any order; a repeated one counts from its last time.
        since: what is older is left out even if it would still count, so that runs and live passes, which read
            different amounts of events, agree.
        now: time of the run.
    """
    oldest = max(since, now - COUNTS_FOR).timestamp()
    hides = events.where((events.kinds == KIND_CODES[InteractionKind.HIDE]) & (events.at >= oldest))
    order = np.lexsort((hides.post_id_hashes, -hides.at))
    found: dict[int, dict[int, float]] = {}
    for user, post, at in zip(
        hides.user_id_hashes[order].tolist(), hides.post_id_hashes[order].tolist(), hides.at[order].tolist(),
        strict=True,
    ):  # fmt: skip
        hidden = found.setdefault(user, {})
        if len(hidden) < MOST:
            hidden.setdefault(post, at)
    return {user: _weighted(hidden, now) for user, hidden in found.items()}


def hides_by_id(ids: Sequence[str], id_hashes: Int64s, hides: Mapping[int, Hides]) -> dict[str, Hides]:
    """Those of these users, by id."""
    if not hides:
        return {}
    pairs = zip(ids, id_hashes.tolist(), strict=True)
    return {user_id: hides[id_hash] for user_id, id_hash in pairs if id_hash in hides}


def _weighted(hidden: Mapping[int, float], now: datetime) -> Hides:
    age = np.maximum(0.0, now.timestamp() - np.fromiter(hidden.values(), np.float64, len(hidden)))
    weights = STRENGTH_OF_HIDE * 0.5 ** (age / HALF_LIFE.total_seconds())
    return Hides(np.fromiter(hidden, np.int64, len(hidden)), weights)
