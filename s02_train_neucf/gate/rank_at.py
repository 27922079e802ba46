"""What each system would have ranked at an earlier time, in the order in which it is served, and for whom. Pure."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import KS
from s02_train_neucf.gate.asked_at import CandidateTerms, SourceFacts, asked_at
from s02_train_neucf.gate.baselines import BASELINES, HEURISTIC
from s02_train_neucf.gate.cuts import DAY
from s02_train_neucf.gate.eligibility_then import UserHistories, withheld_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.served_order import CandidateSpacing, served_posts
from shared.candidates.heuristic_scores import is_popular
from shared.event_columns import Int64s
from shared.neucf.final_ranker import FUSIONS, SERVING_ORDERS, FinalRanker
from shared.neucf.model import NeuCF
from shared.neucf.ranker_files import RankerState
from shared.neucf.score import post_side_from, scores_of, user_side_of, vectors_of
from shared.neucf.serving_order import added_to_logits
from shared.neucf.sources.all_sources import sources_named
from shared.neucf.sources.facts import facts_of
from shared.neucf.sources.fuse import source_ranks
from shared.neucf.vocab import Vocab
from shared.settings import HeuristicSettings, WindowSettings

CELLS_AT_ONCE = 2**22  # scores held at once, over users, candidates and final rankers
LENGTH = max(KS)  # posts of a list that are evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRules:
    """The settings of the replay's steps."""

    window: WindowSettings
    formula: HeuristicSettings
    min_known: int  # liked posts that a user needs to be served the model's lists
    list_length: int = 200  # posts in a user's list; everyone's list follows
    rankers: tuple[FinalRanker, ...] = (*SERVING_ORDERS, *FUSIONS)  # plain ones first
    seed: int = 0  # of the sample of users, if there are too many


@dataclass(frozen=True, slots=True, eq=False)
class ReplayStep:
    """The candidates of a step and their scores that do not depend on the user."""

    at: float
    candidates: Int64s  # (n_candidates,) indices, newest first
    baseline_scores: NDArray[np.float32]  # (n_baselines, n_candidates) scores of BASELINES
    plain_terms: NDArray[np.float32]  # (n_plain, n_candidates) terms of the plain rankers' serving orders
    fused: tuple[FinalRanker, ...]  # the rankers after the plain ones
    terms: CandidateTerms  # for sources
    spacing: CandidateSpacing


class Scorer(Protocol):
    """A model as the replay uses it."""

    def logits(self, histories: UserHistories, candidates: Int64s) -> NDArray[np.float32]:
        """Scores of users, by their histories, with candidates. -> (n_users, n_candidates)"""

    def facts(self, history: History) -> SourceFacts:
        """What sources read beside these scores."""


class ModelAtCut:
    """A model of a cut and its vectors of all posts; posts without a model row are cold."""

    def __init__(
        self, model: NeuCF, users: Vocab, posts: Vocab, history: History, state: RankerState | None = None
    ) -> None:
        self.model, self.users, self.device = model, users, model.gmf_weights.device
        self._state = state or RankerState()
        self._facts: SourceFacts | None = None
        self.model_rows = posts.model_rows(history.data.posts.id_hashes)
        self.vectors = vectors_of(self.model, self.model_rows, history.data.features, self.device)

    def logits(self, histories: UserHistories, candidates: Int64s) -> NDArray[np.float32]:
        """(n_users, n_candidates)"""
        model_rows = self.users.model_rows(histories.user_id_hashes)
        users = user_side_of(self.model, model_rows, histories.liked, histories.starts, self.vectors)
        indices = torch.from_numpy(candidates).to(self.device)
        posts = post_side_from(self.model, self.vectors.take(indices), self.model_rows[candidates])
        return scores_of(self.model, users, posts)

    def facts(self, history: History) -> SourceFacts:
        """What sources read beside the scores; made when it is first asked for."""
        if self._facts is None:
            authors, features = history.spaced_authors, history.data.features
            posts = facts_of(self.model, self.model_rows, authors, features, self.vectors)
            self._facts = SourceFacts(posts=posts, transitions=self._state.transitions)
        return self._facts


def replay_step_at(history: History, rules: ReplayRules, at: float) -> ReplayStep:
    """The candidates at a time, the baselines' scores, and the terms of the final rankers."""
    candidates = history.candidates(at, rules.window)
    terms = history.heuristic(at, candidates, rules.formula)
    age_days = (at - history.data.posts.created_at[candidates]) / DAY
    baseline_scores = (history.popularity(at, candidates), terms.blended, terms.popularity)
    orders = [ranker.serving_order for ranker in rules.rankers if ranker.is_plain]
    plain_terms = [added_to_logits(order, popularity=terms.popularity, age_days=age_days) for order in orders]
    negative_ranks = np.stack([_as_negative_ranks(scores) for scores in baseline_scores])
    spacing = CandidateSpacing(
        authors=history.spaced_authors[candidates],
        clusters=history.clusters[candidates],
        everyones_ranks=-negative_ranks[BASELINES.index(HEURISTIC)].astype(np.int64),
        list_length=rules.list_length,
    )
    return ReplayStep(
        at=at,
        candidates=candidates,
        baseline_scores=negative_ranks,
        plain_terms=np.stack(plain_terms) if orders else np.zeros((0, len(candidates)), np.float32),
        fused=rules.rankers[len(orders) :],
        terms=CandidateTerms(
            age_days=age_days,
            heuristic=terms,
            is_popular=is_popular(terms, alpha=rules.formula.alpha),
        ),
        spacing=spacing,
    )


def ranked_at(
    history: History, step: ReplayStep, histories: UserHistories, model: Scorer
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first `LENGTH` posts that the timeline would have served of each system's list, for each user.

    Returns:
        Columns of the candidates (n_systems, n_users, LENGTH), in the order in which they are served, NO_POST at the
        end of a short list; the systems are BASELINES, and NeuCF under each final ranker. And what was withheld
        (n_users, n_candidates).
    """
    withheld = withheld_at(history, step.at, histories, step.candidates)
    logits = model.logits(histories, step.candidates)  # (n_users, n_candidates)
    n_users, n_candidates = logits.shape
    scores = np.concatenate(
        [
            np.broadcast_to(step.baseline_scores[:, None, :], (len(step.baseline_scores), n_users, n_candidates)),
            scores_by_ranker(history, step, histories, model, logits, withheld),
        ]
    )
    n_systems = len(scores)
    of_lists = np.tile(withheld, (n_systems, 1))
    indices = served_posts(scores.reshape(-1, n_candidates), of_lists, step.spacing, LENGTH)
    return indices.reshape(n_systems, n_users, LENGTH), withheld


def scores_by_ranker(
    history: History,
    step: ReplayStep,
    histories: UserHistories,
    model: Scorer,
    logits: NDArray[np.float32],
    withheld: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The scores by which each final ranker orders a user's list. -> (n_rankers, n_users, n_candidates)"""
    plain = logits[None] + step.plain_terms[:, None, :]
    if not step.fused:
        return plain
    asked = asked_at(model.facts(history), step.candidates, step.terms, histories, logits)
    depth = step.spacing.list_length
    ranks = [source_ranks(sources_named(ranker.fused), asked, withheld, depth) for ranker in step.fused]
    return np.concatenate([plain, np.stack([each.fused() for each in ranks])])


def _as_negative_ranks(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Minus the rank, newest first at ties: keeps the order in float32, where different scores could become equal."""
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = -np.arange(len(scores), dtype=np.float32)
    return ranks
