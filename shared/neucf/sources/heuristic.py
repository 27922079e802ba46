"""The heuristic of phase 1 as a source: the same for everybody."""

import numpy as np
from numpy.typing import NDArray

from shared.domain import Reason
from shared.neucf.sources.asked import Asked, AskedCandidates, Scores


class HeuristicSource:
    """Popularity and recency, blended."""

    name = "heuristic"

    def scores(self, asked: Asked) -> Scores:
        """(n_users, n_candidates)"""
        blended = asked.candidates.blended
        in_order = np.empty(len(blended), np.float32)  # float32 could make different scores equal
        in_order[np.lexsort((asked.candidates.age_days, -blended))] = -np.arange(len(blended), dtype=np.float32)
        return np.broadcast_to(in_order, (len(asked.starts), len(blended)))

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """As in the lists of phase 1. -> (n_candidates,)"""
        return np.where(candidates.is_popular, Reason.POPULAR, Reason.RECENT).astype(np.int64)
