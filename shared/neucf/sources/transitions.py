"""What people like next after what a user liked last: the collaborative source.

The weights come from a ridge regression ("SLIT" of SLIST, Choi et al., WWW 2021, https://arxiv.org/abs/2102.07453); of
each liked post only those to the posts that follow it most are kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.domain import Reason
from shared.errors import ArtefactError
from shared.neucf.sources.asked import NOTHING, Asked, AskedCandidates, Int64s, Scores

LONGEST = 10  # likes of a user that lead to the next
STEP_WEIGHT = 0.75  # of a like, relative to the next later one
MAX_KEPT = 1_000  # weights of a post in a file


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The posts that follow each post."""

    rows: NDArray[np.int32]  # (n_model_rows, n_kept) model rows; 0: none
    weights: NDArray[np.float32]  # (n_model_rows, n_kept)

    def check(self, n_model_rows: int) -> None:
        """Refuse arrays that are not what they should be: they may come from a file.

        Raises:
            ArtefactError: with what is wrong.
        """
        shapes = {self.rows.shape, self.weights.shape}
        if len(shapes) != 1 or self.rows.ndim != 2 or len(self.rows) != n_model_rows or self.rows.shape[1] > MAX_KEPT:
            raise ArtefactError(f"transitions: got shapes {sorted(shapes)}, expected ({n_model_rows}, n); retrain")
        if self.rows.dtype != np.int32 or self.weights.dtype != np.float32:
            raise ArtefactError(f"transitions: got {self.rows.dtype} and {self.weights.dtype}; retrain")
        if self.rows.size and not 0 <= self.rows.min() <= self.rows.max() < n_model_rows:
            raise ArtefactError(f"transitions: a row is not below {n_model_rows}; retrain")
        if not np.isfinite(self.weights).all():
            raise ArtefactError("transitions: a weight is NaN or infinite; retrain")


class LikedNext:
    """What the latest likes lead to."""

    name = "liked next"

    def scores(self, asked: Asked) -> Scores | None:
        """(n_users, n_candidates); NOTHING for posts that none of the latest likes leads to"""
        if asked.transitions is None:
            return None
        table, n_users, n_candidates = asked.transitions, len(asked.starts), len(asked.candidates)
        column_of = np.full(len(table.rows), n_candidates)  # the last column is of posts that are no candidates
        known = asked.candidates.posts.model_rows > 0
        column_of[asked.candidates.posts.model_rows[known]] = np.flatnonzero(known)
        users, likes, later = _latest(asked.starts, asked.ends)
        rows = asked.liked_posts.model_rows[asked.liked[likes]]  # (n_latest,)
        columns = np.where(table.rows[rows] > 0, column_of[table.rows[rows]], n_candidates)  # (n_latest, n_kept)
        weights = table.weights[rows] * (STEP_WEIGHT**later)[:, None]
        cells = (users[:, None] * (n_candidates + 1) + columns).ravel()
        total = np.bincount(cells, weights.ravel(), minlength=n_users * (n_candidates + 1))
        scores = total.reshape(n_users, n_candidates + 1)[:, :-1].astype(np.float32)
        return np.where(scores > 0, scores, NOTHING)

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """(n_candidates,)"""
        return np.full(len(candidates), int(Reason.FOR_YOU))


def _latest(starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """The latest likes of each user: their users, their indices, and how many likes came later. -> three (n_latest,)"""
    first = np.maximum(starts, ends - LONGEST)
    counts = ends - first
    users = np.repeat(np.arange(len(starts)), counts)
    indices = np.repeat(first - np.cumsum(np.r_[0, counts[:-1]]), counts) + np.arange(counts.sum())
    return users, indices, ends[users] - 1 - indices
