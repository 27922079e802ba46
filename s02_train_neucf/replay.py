"""The replay of one cut: step by step, rank what the timeline could have shown then, and see what people went on to
like. A model as of the cut, newer posts cold, tastes as of the step, the heuristic as fresh as it would have been.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from s02_train_neucf.evaluate import KS, metrics_of
from s02_train_neucf.fit import Fitted
from s02_train_neucf.past import Past
from s02_train_neucf.replay_times import DAY, Cut
from s02_train_neucf.viewers import NO_COLUMN, Histories, columns_of, histories_at, withheld_at
from shared.neucf.blocks import best, blocks, scores_of, user_side_of, vectors_of
from shared.neucf.examples import Examples, Int64s
from shared.neucf.serving_order import GRID, ServingOrder, added_to_logits
from shared.settings import HeuristicSettings, WindowSettings

POPULARITY, HEURISTIC = "popularity", "heuristic"
METRICS = tuple(f"{name}@{k}" for k in KS for name in ("hr", "ndcg", "recall", "precision", "mrr"))
LENGTH = max(KS)
CELLS_AT_ONCE = 2**22  # scores held at once, over users, candidates and serving orders
MAX_ASKED = 2_000  # users asked in one cut, drawn with the seed where there are more

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds at each step, and for whom."""

    window: WindowSettings
    formula: HeuristicSettings
    min_known: int  # liked posts that a user needs to be served the model's lists
    orders: tuple[ServingOrder, ...] = GRID
    seed: int = 0  # of the draw of users where there are too many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutFigures:
    """What one cut came to: for each user asked, the mean over the steps at which they were."""

    cut: Cut
    n_steps: int  # with somebody to ask
    user_keys: Int64s  # (n_users,) ascending
    rivals: Mapping[str, Figures]  # popularity, heuristic -> (n_users, n_metrics)
    by_order: Figures  # (n_orders, n_users, n_metrics) NeuCF under each serving order


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What could be shown at a step, and everything about it that does not depend on the user."""

    at: float
    candidates: Int64s  # (n_candidates,) places, newest first
    heuristic: NDArray[np.float32]  # (n_candidates,)
    popularity: NDArray[np.float32]  # (n_candidates,)
    added: NDArray[np.float32]  # (n_orders, n_candidates) terms of the serving orders


class Scorer(Protocol):
    """A model as the replay asks it."""

    def logits(self, histories: Histories, candidates: Int64s) -> NDArray[np.float32]:
        """Scores of users, by what they had liked, with candidates. -> (n_users, n_candidates)"""


class ModelThen:
    """A model as of a cut, with the vectors of all posts under it; those that it has no row for are cold."""

    def __init__(self, fitted: Fitted, past: Past) -> None:
        self.model, self.users = fitted.model, fitted.data.users
        self.device = fitted.model.gmf_weights.device
        self.rows = fitted.data.posts.rows(past.data.posts.post_key)
        self.vectors = vectors_of(self.model, self.rows, past.data.features, self.device)

    def logits(self, histories: Histories, candidates: Int64s) -> NDArray[np.float32]:
        """(n_users, n_candidates)"""
        rows = self.users.rows(histories.user_keys)
        users = user_side_of(self.model, rows, histories.liked, histories.starts, self.vectors)
        places = torch.from_numpy(candidates).to(self.device)
        with torch.no_grad():
            posts = self.model.post_side_of(
                self.vectors[places], torch.from_numpy(self.rows[candidates]).to(self.device)
            )
        return scores_of(self.model, users, posts)


def replay_cut(past: Past, rules: Rules, cut: Cut, model: Scorer) -> CutFigures:
    """Rank at each step of a cut with a model that was trained on the events before the cut.

    Raises:
        ScoringRefused: a score of the model is NaN or infinite.
    """
    invited = _invited(past, rules, cut)
    users: list[Int64s] = []
    figures: list[Figures] = []  # of each step: (n_users, n_systems, n_metrics)
    n_steps = 0
    for step in cut.steps():
        wanted = past.likes_within(step.start, step.end)
        wanted = wanted.where(np.isin(wanted.user_key, invited))
        asked = list(_asked(past, rules, step.start, wanted, model))
        users += [keys for keys, _ in asked]
        figures += [values for _, values in asked]
        n_steps += bool(asked)
    user_keys, means = mean_per_user(
        np.concatenate([np.zeros(0, np.int64), *users]),
        np.concatenate([np.zeros((0, 2 + len(rules.orders), len(METRICS))), *figures]),
    )
    rivals = {POPULARITY: means[:, 0], HEURISTIC: means[:, 1]}
    by_order = means[:, 2:].swapaxes(0, 1)
    return CutFigures(cut=cut, n_steps=n_steps, user_keys=user_keys, rivals=rivals, by_order=by_order)


def moment_at(past: Past, rules: Rules, at: float) -> Moment:
    """What could be shown at a moment, the plain rankers' scores of it and the terms of the serving orders."""
    candidates = past.candidates(at, rules.window)
    terms = past.heuristic(at, candidates, rules.formula)
    age_days = (at - past.data.posts.created_at[candidates]) / DAY
    added = [added_to_logits(order, popularity=terms.popularity, age_days=age_days) for order in rules.orders]
    return Moment(
        at=at,
        candidates=candidates,
        heuristic=_as_places(terms.blended),
        popularity=_as_places(past.popularity(at, candidates)),
        added=np.stack(added),
    )


def ranked_at(
    past: Past, moment: Moment, histories: Histories, model: Scorer
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first `LENGTH` posts of each system for each user, of those that may be shown to them.

    Returns:
        Columns of the candidates (n_systems, n_users, LENGTH), best first, NO_POST at the end of a short list; the
        systems are popularity, the heuristic, and NeuCF under each serving order. And what was withheld
        (n_users, n_candidates).
    """
    withheld = withheld_at(past, moment.at, histories, moment.candidates)
    logits = model.logits(histories, moment.candidates)  # (n_users, n_candidates)
    n_users, n_candidates = logits.shape
    plain = np.stack([moment.popularity, moment.heuristic])[:, None, :]  # (2, 1, n_candidates)
    scores = np.concatenate(
        [np.broadcast_to(plain, (2, n_users, n_candidates)), logits[None] + moment.added[:, None, :]]
    )
    n_systems = len(scores)
    places, _ = best(scores.reshape(-1, n_candidates), np.tile(withheld, (n_systems, 1)), LENGTH)
    return places.reshape(n_systems, n_users, LENGTH), withheld


def _asked(past: Past, rules: Rules, at: float, wanted: Examples, model: Scorer) -> Iterator[tuple[Int64s, Figures]]:
    """Users who are warm and went on to like something that could be shown to them, with the figures of all systems."""
    users = np.unique(wanted.user_key)
    users = users[histories_at(past, at, users).counts >= rules.min_known]
    if len(users) == 0:
        return
    moment = moment_at(past, rules, at)
    if len(moment.candidates) == 0:
        return
    n_systems = 2 + len(rules.orders)
    for part in blocks(len(users), max(1, CELLS_AT_ONCE // (n_systems * len(moment.candidates)))):
        histories = histories_at(past, at, users[part])
        places, withheld = ranked_at(past, moment, histories, model)
        relevant = _wanted(past, moment, users[part], wanted) & ~withheld  # (n_users, n_candidates)
        n_relevant = relevant.sum(axis=1)
        asked = n_relevant > 0
        found = np.take_along_axis(relevant[None], np.maximum(places, 0), axis=2) & (places >= 0)
        hits = found[:, asked].reshape(-1, LENGTH)
        values = metrics_of(hits, np.tile(n_relevant[asked], n_systems), KS)
        columns = np.stack([values[name] for name in METRICS], axis=1)
        yield users[part][asked], columns.reshape(n_systems, -1, len(METRICS)).swapaxes(0, 1)


def _wanted(past: Past, moment: Moment, user_keys: Int64s, wanted: Examples) -> NDArray[np.bool_]:
    """What some users went on to like, of the candidates. -> (n_users, n_candidates)"""
    mask = np.zeros((len(user_keys), len(moment.candidates)), dtype=np.bool_)
    columns = columns_of(past, moment.candidates, wanted.post_key)
    mine = np.isin(wanted.user_key, user_keys) & (columns != NO_COLUMN)
    mask[np.searchsorted(user_keys, wanted.user_key[mine]), columns[mine]] = True
    return mask


def _invited(past: Past, rules: Rules, cut: Cut) -> Int64s:
    users = np.unique(past.likes_within(cut.start, cut.end).user_key)
    if len(users) <= MAX_ASKED:
        return users
    return np.sort(np.random.default_rng(rules.seed).choice(users, MAX_ASKED, replace=False))


def _as_places(scores: Figures) -> NDArray[np.float32]:
    """Scores of the same order as float32, in which two of them could become one: minus the place, newest first."""
    places = np.empty(len(scores), dtype=np.float32)
    places[np.argsort(-scores, kind="stable")] = -np.arange(len(scores), dtype=np.float32)
    return places


def mean_per_user(users: Int64s, values: Figures) -> tuple[Int64s, Figures]:
    """The users, ascending, and the mean of each one's rows. (n_rows,), (n_rows, …) -> (n_users,), (n_users, …)"""
    keys, of_row, counts = np.unique(users, return_inverse=True, return_counts=True)
    sums = np.zeros((len(keys), *values.shape[1:]))
    np.add.at(sums, of_row, values)
    return keys, sums / counts.reshape(-1, *[1] * (values.ndim - 1))
