"""Whether a model's lists differ: how much of the catalogue they reach, and how alike those of a few users are.

Lists are taken over all candidates with nothing withheld, so that what differs in them is the model's doing and not
that people have seen different posts.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.gate.eligibility_then import histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import CELLS_AT_ONCE, ReplayRules, Scorer, replay_step_at
from shared.event_columns import Int64s
from shared.neucf.score import best_posts, blocks
from shared.neucf.serving_order import ServingOrder

LENGTH = 20  # posts of a list that are looked at …
SHARE = 0.25  # … but at most this share of the candidates: of a handful of posts, all lists hold most
MAX_USERS = 500  # whose lists are looked at for coverage, drawn with the seed
MAX_LOOKED_AT = 10 * MAX_USERS  # of whose pasts these are drawn, where there are more people
MAX_CANARIES = 50  # of these, whose lists are compared pair by pair


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiversity:
    """What the lists of some warm users reach."""

    n_users: int
    n_canaries: int
    coverage: float  # posts in at least one list, as a share of what so many lists of that length could hold
    overlap: float  # mean share of posts that the lists of two canaries have in common


def list_diversity_at(
    history: History, rules: ReplayRules, model: Scorer, order: ServingOrder, at: float
) -> ListDiversity:
    """The spread of the lists that a model would give at a moment, under a serving order.

    Raises:
        ScoringRefused: a score is NaN or infinite.
    """
    users = _drawn(history, rules, at)
    moment = replay_step_at(history, replace(rules, orders=(order,)), at)
    n_candidates = len(moment.candidates)
    length = max(1, min(LENGTH, int(SHARE * n_candidates)))
    if n_candidates == 0:
        return list_diversity_of(np.zeros((0, length), np.int64), 0)
    lists = []
    for part in blocks(len(users), max(1, CELLS_AT_ONCE // n_candidates)):
        logits = model.logits(histories_at(history, at, users[part]), moment.candidates) + moment.added
        lists.append(best_posts(logits, np.zeros(logits.shape, dtype=np.bool_), length)[0])
    drawn = np.concatenate([np.zeros((0, length), np.int64), *lists])
    return list_diversity_of(np.random.default_rng(rules.seed).permutation(drawn), n_candidates)


def list_diversity_of(lists: NDArray[np.int64], n_candidates: int) -> ListDiversity:
    """The spread of lists of places, the first ones those of the canaries. (n_users, length) -> the figures"""
    n_users, length = lists.shape
    held = np.zeros((n_users, n_candidates), dtype=np.bool_)
    held[np.arange(n_users)[:, None], lists] = True
    could_be = min(n_candidates, n_users * length)
    canaries = held[:MAX_CANARIES].astype(np.float64)
    n_canaries = len(canaries)
    shared = (canaries @ canaries.T)[~np.eye(n_canaries, dtype=np.bool_)] / length  # of each pair, both ways
    return ListDiversity(
        n_users=n_users,
        n_canaries=n_canaries,
        coverage=float(held.any(axis=0).sum() / could_be) if could_be else 0.0,
        overlap=float(shared.mean()) if len(shared) else 1.0,
    )


def _drawn(history: History, rules: ReplayRules, at: float) -> Int64s:
    """Some of the users who are warm at a moment, ascending."""
    users, counts = np.unique(history.likes.user_id_hashes, return_counts=True)
    users, rng = users[counts >= rules.min_known], np.random.default_rng(rules.seed)
    if len(users) > MAX_LOOKED_AT:  # some have liked what is gone by now; ten times as many as are wanted are enough
        users = np.sort(rng.choice(users, MAX_LOOKED_AT, replace=False))
    users = users[histories_at(history, at, users).counts >= rules.min_known]
    if len(users) <= MAX_USERS:
        return users
    return np.sort(rng.choice(users, MAX_USERS, replace=False))
