"""The replay of one cut: step by step, rank what the timeline could have shown then, and see what people went on to
like. A model as of the cut, newer posts cold, tastes as of the step, the heuristic as fresh as it would have been.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.gate.cuts import ReplayCut
from s02_train_neucf.gate.eligibility_then import NO_COLUMN, columns_of, histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import (
    BASELINES,
    CELLS_AT_ONCE,
    LENGTH,
    ReplayRules,
    ReplayStep,
    Scorer,
    ranked_at,
    replay_step_at,
)
from shared.distinct import distinct
from shared.event_columns import Int64s
from shared.neucf.examples import Examples
from shared.neucf.score import blocks

MAX_ASKED = 2_000  # users asked in one cut, drawn with the seed where there are more

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutFigures:
    """What one cut came to: for each user asked, the mean over the steps at which they were."""

    cut: ReplayCut
    n_steps: int  # with somebody to ask
    n_asked: int  # users over all steps
    user_id_hashes: Int64s  # (n_users,) ascending
    baselines: Mapping[str, Figures]  # each of PLAIN_RANKERS -> (n_users, n_metrics)
    by_order: Figures  # (n_orders, n_users, n_metrics) NeuCF under each serving order


def replay_cut(
    history: History,
    rules: ReplayRules,
    cut: ReplayCut,
    model: Scorer,
    on_step: Callable[[int, int], None] | None = None,
) -> CutFigures:
    """Rank at each step of a cut with a model that was trained on the events before the cut.

    `on_step` is told how many steps are done, and of how many.

    Raises:
        ScoringRefused: a score of the model is NaN or infinite.
    """
    invited = _invited(history, rules, cut)
    users: list[Int64s] = []
    figures: list[Figures] = []  # of each step: (n_users, n_systems, n_metrics)
    n_steps = 0
    steps = cut.steps()
    for place, step in enumerate(steps):
        if on_step is not None:
            on_step(place, len(steps))
        wanted = history.likes_within(step.start, step.end)
        wanted = wanted.where(np.isin(wanted.user_id_hashes, invited))
        asked = list(_asked(history, rules, step.start, wanted, model))
        users += [keys for keys, _ in asked]
        figures += [values for _, values in asked]
        n_steps += bool(asked)
    user_id_hashes, means = metrics.mean_per_user(
        np.concatenate([np.zeros(0, np.int64), *users]),
        np.concatenate([np.zeros((0, len(BASELINES) + len(rules.orders), len(metrics.NAMES))), *figures]),
    )
    baselines = {name: means[:, place] for place, name in enumerate(BASELINES)}
    by_order = means[:, len(BASELINES) :].swapaxes(0, 1)
    n_asked = sum(len(keys) for keys in users)
    return CutFigures(
        cut=cut, n_steps=n_steps, n_asked=n_asked, user_id_hashes=user_id_hashes, baselines=baselines, by_order=by_order
    )


def _asked(
    history: History, rules: ReplayRules, at: float, wanted: Examples, model: Scorer
) -> Iterator[tuple[Int64s, Figures]]:
    """Users who are warm and went on to like something that could be shown to them, with the figures of all systems."""
    users = distinct(wanted.user_id_hashes)
    users = users[histories_at(history, at, users).counts >= rules.min_known]
    if len(users) == 0:
        return
    moment = replay_step_at(history, rules, at)
    if len(moment.candidates) == 0:
        return
    n_systems = len(BASELINES) + len(rules.orders)
    for part in blocks(len(users), max(1, CELLS_AT_ONCE // (n_systems * len(moment.candidates)))):
        histories = histories_at(history, at, users[part])
        indices, withheld = ranked_at(history, moment, histories, model)
        relevant = _wanted(history, moment, users[part], wanted) & ~withheld  # (n_users, n_candidates)
        n_relevant = relevant.sum(axis=1)
        asked = n_relevant > 0
        found = np.take_along_axis(relevant[None], np.maximum(indices, 0), axis=2) & (indices >= 0)
        hits = found[:, asked].reshape(-1, LENGTH)
        values = metrics.metrics_of(hits, np.tile(n_relevant[asked], n_systems), metrics.KS)
        columns = np.stack([values[name] for name in metrics.NAMES], axis=1)
        yield users[part][asked], columns.reshape(n_systems, -1, len(metrics.NAMES)).swapaxes(0, 1)


def _wanted(history: History, moment: ReplayStep, user_id_hashes: Int64s, wanted: Examples) -> NDArray[np.bool_]:
    """What some users went on to like, of the candidates. -> (n_users, n_candidates)"""
    mask = np.zeros((len(user_id_hashes), len(moment.candidates)), dtype=np.bool_)
    columns = columns_of(history, moment.candidates, wanted.post_id_hashes)
    mine = np.isin(wanted.user_id_hashes, user_id_hashes) & (columns != NO_COLUMN)
    mask[np.searchsorted(user_id_hashes, wanted.user_id_hashes[mine]), columns[mine]] = True
    return mask


def _invited(history: History, rules: ReplayRules, cut: ReplayCut) -> Int64s:
    users = distinct(history.likes_within(cut.start, cut.end).user_id_hashes)
    if len(users) <= MAX_ASKED:
        return users
    return np.sort(np.random.default_rng(rules.seed).choice(users, MAX_ASKED, replace=False))
