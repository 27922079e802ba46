"""Ranks by several candidate sources: what a final ranker that is not plain costs, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_recsys_neucf.score import IndicesPerUser, RankedBlock
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.model import UserSide
from shared.neucf.ranker_files import RankerState
from shared.neucf.score import best_posts, blocks, scores_by
from shared.neucf.sources.all_sources import sources_named
from shared.neucf.sources.asked import Asked, AskedCandidates, Int64s, KnownPosts
from shared.neucf.sources.fuse import source_ranks
from shared.neucf.sources.reorder import reordered
from shared.neucf.threads import map_in_threads

USERS_AT_ONCE = 128  # with 5,000 candidates a source's scores of them take 2.6 MB


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusedCandidates:
    """The candidates of a run for a final ranker that is not plain."""

    ranker: FinalRanker
    state: RankerState
    candidates: AskedCandidates
    scorer: FusedScorer  # without any serving order
    serving_term: NDArray[np.float32]  # (n_candidates,) of the serving order that trees correct


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikedPosts:
    """What users of a run or a pass liked."""

    facts: KnownPosts
    liked: IndicesPerUser  # indices in `facts`, in the order of time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusedBlock(RankedBlock):
    """Lists whose posts stand there for different reasons."""

    reasons: Int64s  # (n_users, k) codes of `Reason`; of no meaning where there is no post


def rank_fused(
    prepared: FusedCandidates, users: UserSide, likes: LikedPosts, withheld: IndicesPerUser, *, k: int, depth: int
) -> Iterator[FusedBlock]:
    """Rank all candidates for all users, in memory that does not grow with the number of users.

    Args:
        prepared: the candidates, at least one.
        users: the model's side of the users.
        likes: of the same users.
        withheld: for each user, indices of candidates that must not be shown to them.
        k: posts of a list, at least 1.
        depth: best posts of a source that count, at least 1.

    Raises:
        ScoringRefused: a score is NaN or infinite. Earlier blocks are correct.
    """
    sources = sources_named(prepared.ranker.fused)
    reasons = np.stack([source.reasons(prepared.candidates) for source in sources])  # (n_sources, n_candidates)

    def ranked(part: slice) -> FusedBlock:
        asked = _asked(prepared, users, likes, part)
        hidden = _mask(withheld, part, len(prepared.candidates))
        ranks = source_ranks(sources, asked, hidden, depth)
        fused = ranks.fused()
        lists, scores = best_posts(fused, hidden | (fused == 0), k)
        if prepared.state.trees is not None:
            served = asked.logits + prepared.serving_term
            lists, scores = reordered(asked, ranks, lists, served, prepared.state.trees)
        why = reasons[ranks.best_source(lists), np.where(lists == NO_POST, 0, lists)]
        return FusedBlock(users=part, indices=lists, scores=scores, reasons=why)

    yield from map_in_threads(ranked, list(blocks(len(users.gmf), USERS_AT_ONCE)))


def _asked(prepared: FusedCandidates, users: UserSide, likes: LikedPosts, part: slice) -> Asked:
    """What is asked about some of the users."""
    starts = likes.liked.starts[part.start : part.stop + 1]
    return Asked(
        candidates=prepared.candidates,
        liked_posts=likes.facts,
        liked=likes.liked.indices[starts[0] : starts[-1]],
        starts=starts[:-1] - starts[0],
        logits=scores_by(prepared.scorer, users[part]),
        transitions=prepared.state.transitions,
    )


def _mask(withheld: IndicesPerUser, part: slice, n_posts: int) -> NDArray[np.bool_]:
    starts = withheld.starts[part.start : part.stop + 1]
    mask = np.zeros((part.stop - part.start, n_posts), np.bool_)
    mask[np.repeat(np.arange(len(mask)), np.diff(starts)), withheld.indices[starts[0] : starts[-1]]] = True
    return mask
