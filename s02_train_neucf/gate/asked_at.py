"""What candidate sources are asked at a step of the replay: the records that the scoring job fills too. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.candidates.heuristic_scores import HeuristicScores
from shared.event_columns import Floats, Int64s
from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.asked import Asked, AskedCandidates, KnownPosts
from shared.neucf.sources.transitions import Transitions

if TYPE_CHECKING:
    from s02_train_neucf.gate.eligibility_then import UserHistories


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceFacts:
    """What sources read beside the model's score and the heuristic."""

    posts: KnownPosts  # of all posts of the history
    transitions: Transitions | None = None
    trees: RankTrees | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateTerms:
    """The terms of a step's candidates that do not depend on a model or user."""

    age_days: Floats  # (n_candidates,)
    heuristic: HeuristicScores
    is_popular: NDArray[np.bool_]  # (n_candidates,)
    earlier_popularity: Floats | None  # (n_candidates,) a day before; None: no ranker reads it


def asked_at(
    facts: SourceFacts,
    candidates: Int64s,
    terms: CandidateTerms,
    histories: "UserHistories",
    logits: NDArray[np.float32],
) -> Asked:
    """The question about a block of users at a step."""
    return Asked(
        candidates=AskedCandidates(
            posts=facts.posts.take(candidates),
            age_days=np.maximum(terms.age_days, 0.0),
            popularity=terms.heuristic.popularity,
            blended=terms.heuristic.blended,
            is_popular=terms.is_popular,
            earlier_popularity=terms.earlier_popularity,
        ),
        liked_posts=facts.posts,
        liked=histories.liked,
        starts=histories.starts,
        logits=logits,
        transitions=facts.transitions,
    )
