"""Ranks by several candidate sources: what a final ranker that is not plain costs, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s02_recsys_neucf.score import IndicesPerUser, RankedBlock
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.rank_trees import RankTrees
from shared.neucf.score import best_posts, blocks, scores_of
from shared.neucf.sources.all_sources import sources_named
from shared.neucf.sources.asked import Asked
from shared.neucf.sources.fuse import source_ranks
from shared.neucf.sources.reorder import reordered
from shared.neucf.threads import map_in_threads

USERS_AT_ONCE = 128  # with 5,000 candidates a source's scores of them take 2.6 MB


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusedBlock(RankedBlock):
    """Lists whose posts stand there for different reasons."""

    reasons: NDArray[np.int64]  # (n_users, k) codes of `Reason`; of no meaning where there is no post


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankerToApply:
    """A final ranker that is not plain, and what it needs in a run."""

    ranker: FinalRanker
    trees: RankTrees | None  # of one that was learned
    serving_term: NDArray[np.float32]  # (n_candidates,) of its serving order


def rank_fused(
    model: NeuCF,
    users: UserSide,
    posts: PostSide,
    asked: Asked,
    withheld: IndicesPerUser,
    ranker: RankerToApply,
    k: int,
) -> Iterator[FusedBlock]:
    """Rank all candidates for all users, in memory that does not grow with the number of users.

    Args:
        model: the champion.
        users: its side of the users.
        posts: its side of the candidates, without any serving order.
        asked: about all users; its logits are not read.
        withheld: for each user, indices of candidates that must not be shown to them.
        ranker: not plain, with what it needs.
        k: length of a list, at least 1.

    Raises:
        ScoringRefused: a score is NaN or infinite. Earlier blocks are correct.
    """
    if len(posts) == 0:
        return
    sources = sources_named(ranker.ranker.fused)
    reasons = np.stack([source.reasons(asked.candidates) for source in sources])  # (n_sources, n_candidates)

    def ranked(part: slice) -> FusedBlock:
        of_part = replace(_of_users(asked, part), logits=scores_of(model, users[part], posts))
        hidden = _mask(withheld, part, len(posts))
        ranks = source_ranks(sources, of_part, hidden, depth=k)
        fused = ranks.fused()
        lists, scores = best_posts(fused, hidden | (fused == 0), k)
        if ranker.trees is not None:
            served = of_part.logits + ranker.serving_term
            lists, scores = reordered(of_part, ranks, lists, served, ranker.trees)
        why = reasons[ranks.best_source(lists), np.where(lists == NO_POST, 0, lists)]
        return FusedBlock(users=part, indices=lists, scores=scores, reasons=why)

    yield from map_in_threads(ranked, list(blocks(len(users.gmf), USERS_AT_ONCE)))


def _of_users(asked: Asked, part: slice) -> Asked:
    """The question about some of the users."""
    low, high = int(asked.starts[part.start]), int(asked.ends[part.stop - 1])
    return replace(asked, liked=asked.liked[low:high], starts=asked.starts[part] - low)


def _mask(withheld: IndicesPerUser, part: slice, n_posts: int) -> NDArray[np.bool_]:
    starts = withheld.starts[part.start : part.stop + 1]
    mask = np.zeros((part.stop - part.start, n_posts), np.bool_)
    mask[np.repeat(np.arange(len(mask)), np.diff(starts)), withheld.indices[starts[0] : starts[-1]]] = True
    return mask
