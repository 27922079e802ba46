"""Whether a model's lists differ: how much of the catalogue they cover, and how similar those of a few users are.

The lists rank all candidates with nothing withheld and are not spaced, so that differences come from the model, and
neither from what users have seen nor from the rule of spacing: it reads further down a list, where rankings differ
more, and would make the lists of a model that gives everybody the same author look less alike.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.gate.eligibility_then import histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import CELLS_AT_ONCE, ReplayRules, Scorer, replay_step_at, scores_by_ranker
from shared.event_columns import Int64s
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.score import best_posts, blocks

LENGTH = 20  # posts of a list that are compared
SHARE = 0.25  # at most this share of the candidates: with a few candidates, all lists hold most of them
MAX_USERS = 500  # users whose lists count for coverage, drawn with the seed
MAX_LOOKED_AT = 10 * MAX_USERS  # users whose histories are read to find them
MAX_CANARIES = 50  # of these users, whose lists are compared in pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiversity:
    """Coverage and overlap of the lists of some warm users."""

    n_users: int
    n_canaries: int
    coverage: float  # posts in at least one list, over the most that so many lists could hold
    overlap: float  # mean share of common posts in the lists of two canaries


def list_diversity_at(
    history: History, rules: ReplayRules, model: Scorer, ranker: FinalRanker, at: float
) -> ListDiversity:
    """The diversity of the lists that a model would give at a time, with a final ranker.

    Raises:
        ScoringRefused: a score is NaN or infinite.
    """
    users = _drawn(history, rules, at)
    step = replay_step_at(history, replace(rules, rankers=(ranker,)), at)
    n_candidates = len(step.candidates)
    length = max(1, min(LENGTH, int(SHARE * n_candidates)))
    if n_candidates == 0:
        return list_diversity_of(np.zeros((0, length), np.int64), 0)
    lists = []
    for part in blocks(len(users), max(1, CELLS_AT_ONCE // n_candidates)):
        histories = histories_at(history, at, users[part])
        logits = model.logits(histories, step.candidates)
        nothing = np.zeros(logits.shape, dtype=np.bool_)
        scores, _ = scores_by_ranker(history, step, histories, model, logits, nothing)
        lists.append(best_posts(scores[0], nothing, length)[0])
    drawn = np.concatenate([np.zeros((0, length), np.int64), *lists])
    return list_diversity_of(np.random.default_rng(rules.seed).permutation(drawn), n_candidates)


def list_diversity_of(lists: NDArray[np.int64], n_candidates: int) -> ListDiversity:
    """The diversity of lists of indices, those of the canaries first. (n_users, length) -> the figures"""
    n_users, length = lists.shape
    in_list = np.zeros((n_users, n_candidates), dtype=np.bool_)
    in_list[np.arange(n_users)[:, None], lists] = True
    max_covered = min(n_candidates, n_users * length)
    canaries = in_list[:MAX_CANARIES].astype(np.float64)
    n_canaries = len(canaries)
    shared = (canaries @ canaries.T)[~np.eye(n_canaries, dtype=np.bool_)] / length  # of each pair, both ways
    return ListDiversity(
        n_users=n_users,
        n_canaries=n_canaries,
        coverage=float(in_list.any(axis=0).sum() / max_covered) if max_covered else 0.0,
        overlap=float(shared.mean()) if len(shared) else 1.0,
    )


def _drawn(history: History, rules: ReplayRules, at: float) -> Int64s:
    """A sample of the users who are warm at a time, ascending."""
    users, counts = np.unique(history.likes.user_id_hashes, return_counts=True)
    users, rng = users[counts >= rules.min_known], np.random.default_rng(rules.seed)
    if len(users) > MAX_LOOKED_AT:  # some have only liked deleted posts; ten times the wanted number is enough
        users = np.sort(rng.choice(users, MAX_LOOKED_AT, replace=False))
    users = users[histories_at(history, at, users).counts >= rules.min_known]
    if len(users) <= MAX_USERS:
        return users
    return np.sort(rng.choice(users, MAX_USERS, replace=False))
