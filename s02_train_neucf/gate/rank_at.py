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
from s02_train_neucf.gate.source_lists import SourceLists, source_lists
from shared.candidates.heuristic_scores import is_popular
from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.final_ranker import FUSIONS, SERVING_ORDERS, FinalRanker
from shared.neucf.model import NeuCF
from shared.neucf.rank_trees import RankTrees
from shared.neucf.ranker_files import RankerState
from shared.neucf.score import best_posts, post_side_from, scores_of, user_side_of, vectors_of
from shared.neucf.serving_order import added_to_logits
from shared.neucf.sources.all_sources import SOURCE_NAMES, sources_named
from shared.neucf.sources.asked import Asked
from shared.neucf.sources.facts import facts_of
from shared.neucf.sources.fuse import SourceRanks, source_ranks
from shared.neucf.sources.reorder import reordered
from shared.neucf.vocab import Vocab
from shared.settings import HeuristicSettings, WindowSettings

CELLS_AT_ONCE = 2**22  # scores held at once, over users, candidates and final rankers
AFTER_ALL = np.finfo(np.float32).min / 4  # the score of a post that is not in a list; finite
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

    @property
    def reads_all_sources(self) -> bool:
        """Whether a ranker joins all sources: then one may be learned from what they say."""
        return any(set(ranker.fused) == set(SOURCE_NAMES) for ranker in self.rankers)


@dataclass(frozen=True, slots=True, eq=False)
class ReplayStep:
    """The candidates of a step and their scores that do not depend on the user."""

    at: float
    candidates: Int64s  # (n_candidates,) indices, newest first
    baseline_scores: NDArray[np.float32]  # (n_baselines, n_candidates) scores of BASELINES
    plain_terms: NDArray[np.float32]  # (n_plain, n_candidates) terms of the plain rankers' serving orders
    others: tuple[FinalRanker, ...]  # the rankers after the plain ones
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
            self._facts = SourceFacts(posts=posts, transitions=self._state.transitions, trees=self._state.trees)
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
        others=rules.rankers[len(orders) :],
        terms=CandidateTerms(
            age_days=age_days,
            heuristic=terms,
            is_popular=is_popular(terms, alpha=rules.formula.alpha),
            earlier_popularity=_earlier_popularity(history, rules, at, candidates),
        ),
        spacing=spacing,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The first `LENGTH` posts that the timeline would have served of each system's list, for each user.

    The systems are BASELINES, and NeuCF under each final ranker.
    """

    indices: NDArray[np.int64]  # (n_systems, n_users, LENGTH) columns of the candidates, as served; NO_POST at the end
    withheld: NDArray[np.bool_]  # (n_users, n_candidates)
    lists: SourceLists | None  # what a ranker may be learned from; None: no ranker joins all sources


def ranked_at(history: History, step: ReplayStep, histories: UserHistories, model: Scorer) -> Ranked:
    """Rank a step's candidates for these users."""
    withheld = withheld_at(history, step.at, histories, step.candidates)
    logits = model.logits(histories, step.candidates)  # (n_users, n_candidates)
    n_users, n_candidates = logits.shape
    ours, lists = scores_by_ranker(history, step, histories, model, logits, withheld)
    baselines = np.broadcast_to(step.baseline_scores[:, None, :], (len(step.baseline_scores), n_users, n_candidates))
    scores = np.concatenate([baselines, ours])
    n_systems = len(scores)
    of_lists = np.tile(withheld, (n_systems, 1))
    indices = served_posts(scores.reshape(-1, n_candidates), of_lists, step.spacing, LENGTH)
    return Ranked(indices.reshape(n_systems, n_users, LENGTH), withheld, lists)


def scores_by_ranker(
    history: History,
    step: ReplayStep,
    histories: UserHistories,
    model: Scorer,
    logits: NDArray[np.float32],
    withheld: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], SourceLists | None]:
    """The scores by which each final ranker orders a user's list (n_rankers, n_users, n_candidates), and what sources
    say about the lists of all of them."""
    plain = logits[None] + step.plain_terms[:, None, :]
    if not step.others:
        return plain, None
    facts, depth = model.facts(history), step.spacing.list_length
    asked = asked_at(facts, step.candidates, step.terms, histories, logits)
    sources = sources_named({name for ranker in step.others for name in ranker.fused})
    ranks = source_ranks(sources, asked, withheld, depth)
    others = [_scores_of(ranker, step, asked, ranks, facts.trees) for ranker in step.others]
    lists = source_lists(asked, ranks, step.candidates, depth) if len(sources) == len(SOURCE_NAMES) else None
    return np.concatenate([plain, np.stack(others)]), lists


def _scores_of(
    ranker: FinalRanker, step: ReplayStep, asked: Asked, ranks: SourceRanks, trees: RankTrees | None
) -> NDArray[np.float32]:
    """The scores of a ranker that is not plain. -> (n_users, n_candidates)"""
    fused = ranks.of_sources(sources_named(ranker.fused)).fused()
    if not ranker.learned:
        return fused
    if trees is None:
        raise ValueError("final ranker: got no trees, expected those of the learned ranker")
    terms, n_candidates = step.terms, fused.shape[1]
    added = added_to_logits(ranker.serving_order, popularity=terms.heuristic.popularity, age_days=terms.age_days)
    columns, _ = best_posts(fused, fused == 0, step.spacing.list_length)
    lists, scores = reordered(asked, ranks, columns, asked.logits + added, trees)
    shown = np.full((len(fused), n_candidates + 1), AFTER_ALL, np.float32)  # the last column is of no post
    np.put_along_axis(shown, np.where(lists == NO_POST, n_candidates, lists), scores, axis=1)
    return np.ascontiguousarray(shown[:, :-1])


def _earlier_popularity(
    history: History, rules: ReplayRules, at: float, candidates: Int64s
) -> NDArray[np.float64] | None:
    if not rules.reads_all_sources:
        return None
    return history.heuristic(at - DAY, candidates, rules.formula).popularity


def _as_negative_ranks(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Minus the rank, newest first at ties: keeps the order in float32, where different scores could become equal."""
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = -np.arange(len(scores), dtype=np.float32)
    return ranks
