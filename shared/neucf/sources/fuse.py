"""Joins sources by reciprocal ranks (Cormack, Clarke and Büttcher, SIGIR 2009). Pure.

    fused(user, post) = Σ over sources of 1 / (60 + rank),  rank from 1 among what may be shown to the user

A source counts with its best posts only: with as many as a list is long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import best_posts
from shared.neucf.sources.asked import Asked, CandidateSource, Scores

RANK_OFFSET = 60  # as in the paper: the first few ranks of a source differ little


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceRanks:
    """How sources rank the candidates for a block of users."""

    sources: tuple[CandidateSource, ...]
    scores: tuple[Scores | None, ...]  # of each source, (n_users, n_candidates)
    n_candidates: int
    best: NDArray[np.int64]  # (n_sources, n_users, depth) columns of candidates, best first, NO_POST after the last

    def of_sources(self, sources: Sequence[CandidateSource]) -> Self:
        """Those of some of the sources."""
        chosen = [self.sources.index(source) for source in sources]
        scores = tuple(self.scores[index] for index in chosen)
        return replace(self, sources=tuple(sources), scores=scores, best=self.best[chosen])

    def fused(self) -> Scores:
        """The sum of reciprocal ranks; 0 for posts that are among the best of no source. -> (n_users, n_candidates)"""
        n_users, n_candidates = self.best.shape[1], self.n_candidates
        total = np.zeros((n_users, n_candidates + 1), np.float32)  # the last column takes what is no post
        share = (1.0 / (RANK_OFFSET + 1 + np.arange(self.best.shape[2]))).astype(np.float32)
        rows = np.arange(n_users)[:, None]
        for best in self.best:
            total[rows, np.where(best == NO_POST, n_candidates, best)] += share
        return np.ascontiguousarray(total[:, :-1])

    def rank_of(self, source: int, lists: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rank from 0 that a source gives to listed posts; the depth for others. (n_users, n) -> (n_users, n)"""
        (n_users, depth), n_candidates = self.best.shape[1:], self.n_candidates
        ranks = np.full((n_users, n_candidates + 1), depth)
        rows, best = np.arange(n_users)[:, None], self.best[source]
        ranks[rows, np.where(best == NO_POST, n_candidates, best)] = np.arange(depth)
        ranks[:, n_candidates] = depth
        found: NDArray[np.int64] = ranks[rows, np.where(lists == NO_POST, n_candidates, lists)]
        return found

    def best_source(self, lists: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which source ranks each listed post best; of equal ones the first. (n_users, n) -> (n_users, n)"""
        ranks = np.stack([self.rank_of(index, lists) for index in range(len(self.sources))])
        return np.asarray(ranks.argmin(axis=0), np.int64)


def source_ranks(
    sources: Sequence[CandidateSource], asked: Asked, withheld: NDArray[np.bool_], depth: int
) -> SourceRanks:
    """Ask each source, and find its best posts among those that are not withheld.

    Args:
        sources: at least one that has something to say.
        asked: about whom and what.
        withheld: (n_users, n_candidates)
        depth: best posts of a source that count, at least 1.
    """
    scores = tuple(source.scores(asked) for source in sources)
    best = np.full((len(sources), len(withheld), depth), NO_POST)
    for index, each in enumerate(scores):
        if each is not None:
            best[index] = best_posts(each, withheld | np.isneginf(each), depth)[0]
    return SourceRanks(sources=tuple(sources), scores=scores, n_candidates=withheld.shape[1], best=best)
