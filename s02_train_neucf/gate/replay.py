"""The replay of one cut: at each step, ranks what the timeline could have shown, and compares with later likes.

The model is the one of the cut, newer posts are cold, and tastes and the heuristic are those of the step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.gate.asked_lists import AskedLists, KeptLists, asked_lists
from s02_train_neucf.gate.baselines import BASELINES
from s02_train_neucf.gate.cuts import ReplayCut
from s02_train_neucf.gate.eligibility_then import NO_COLUMN, columns_of, histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.pair_gains import PairGains, pair_gains_of
from s02_train_neucf.gate.rank_at import (
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

MAX_ASKED = 2_000  # test users of one cut, drawn with the seed if there are more

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutFigures:
    """The figures of one cut: for each test user, the mean over their steps."""

    cut: ReplayCut
    n_steps: int  # with test users
    n_asked: int  # test users, summed over steps
    user_id_hashes: Int64s  # (n_users,) ascending
    baselines: Mapping[str, Figures]  # each of BASELINES -> (n_users, n_metrics)
    by_ranker: Figures  # (n_rankers, n_users, n_metrics) NeuCF under each final ranker
    pairs: PairGains  # of all these systems, BASELINES first; the parts of each user's mean
    asked: AskedLists | None = None  # what a final ranker may be learned from; None: nothing was kept


def replay_cut(
    history: History,
    rules: ReplayRules,
    cut: ReplayCut,
    model: Scorer,
    on_step: Callable[[int, int], None] | None = None,
) -> CutFigures:
    """Rank at each step of a cut with a model that was trained on the events before the cut.

    `on_step` is called with the number of finished steps and of all.

    Raises:
        ScoringRefused: a score of the model is NaN or infinite.
    """
    test_users = _test_users(history, rules, cut)
    users: list[Int64s] = []
    figures: list[Figures] = []  # of each step: (n_users, n_systems, n_metrics)
    pairs: list[PairGains] = []
    kept = KeptLists()
    n_steps = 0
    steps = cut.steps()
    for index, step in enumerate(steps):
        if on_step is not None:
            on_step(index, len(steps))
        wanted = history.likes_within(step.start, step.end)
        wanted = wanted.where(np.isin(wanted.user_id_hashes, test_users))
        asked = list(_asked(history, rules, step.start, wanted, model))
        users += [each.user_id_hashes for each in asked]
        figures += [each.figures for each in asked]
        pairs += [each.pairs for each in asked]
        kept.add([each.lists for each in asked])
        n_steps += bool(asked)
    n_systems = len(BASELINES) + len(rules.rankers)
    every = np.concatenate([np.zeros(0, np.int64), *users])
    user_id_hashes, means = metrics.mean_per_user(
        every, np.concatenate([np.zeros((0, n_systems, len(metrics.NAMES))), *figures])
    )
    baselines = {name: means[:, index] for index, name in enumerate(BASELINES)}
    by_ranker = means[:, len(BASELINES) :].swapaxes(0, 1)
    return CutFigures(
        cut=cut, n_steps=n_steps, n_asked=len(every), user_id_hashes=user_id_hashes,
        baselines=baselines, by_ranker=by_ranker,
        pairs=PairGains.joined(pairs, n_systems=n_systems).averaged(user_id_hashes, np.unique_counts(every).counts),
        asked=kept.joined(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _AskedBlock:
    """Users who later liked something that could be shown to them, at one step."""

    user_id_hashes: Int64s  # (n_asked,)
    figures: Figures  # (n_asked, n_systems, n_metrics)
    pairs: PairGains
    lists: AskedLists | None


def _asked(history: History, rules: ReplayRules, at: float, wanted: Examples, model: Scorer) -> Iterator[_AskedBlock]:
    """Warm users who later liked something that could be shown to them, with the figures of all systems and the parts
    of which these are the sums."""
    users = distinct(wanted.user_id_hashes)
    users = users[histories_at(history, at, users).counts >= rules.min_known]
    if len(users) == 0:
        return
    step = replay_step_at(history, rules, at)
    if len(step.candidates) == 0:
        return
    n_systems = len(BASELINES) + len(rules.rankers)
    for part in blocks(len(users), max(1, CELLS_AT_ONCE // (n_systems * len(step.candidates)))):
        histories = histories_at(history, at, users[part])
        ranked = ranked_at(history, step, histories, model)
        indices, withheld = ranked.indices, ranked.withheld
        relevant = _wanted(history, step, users[part], wanted) & ~withheld  # (n_users, n_candidates)
        n_relevant = relevant.sum(axis=1)
        asked = n_relevant > 0
        in_list = np.take_along_axis(relevant[None], np.maximum(indices, 0), axis=2) & (indices >= 0)
        hits = in_list[:, asked].reshape(-1, LENGTH)
        values = metrics.metrics_of(hits, np.tile(n_relevant[asked], n_systems), metrics.KS)
        columns = np.stack([values[name] for name in metrics.NAMES], axis=1)
        served_of = partial(_served, history, wanted)
        pairs = pair_gains_of(indices[:, asked], relevant[asked], users[part][asked], step.candidates, served_of)
        yield _AskedBlock(
            user_id_hashes=users[part][asked],
            figures=columns.reshape(n_systems, -1, len(metrics.NAMES)).swapaxes(0, 1),
            pairs=pairs,
            lists=asked_lists(ranked.lists, relevant, users[part], step.candidates),
        )


def _wanted(history: History, step: ReplayStep, user_id_hashes: Int64s, wanted: Examples) -> NDArray[np.bool_]:
    """Which candidates these users liked later. -> (n_users, n_candidates)"""
    mask = np.zeros((len(user_id_hashes), len(step.candidates)), dtype=np.bool_)
    columns = columns_of(history, step.candidates, wanted.post_id_hashes)
    counted = np.isin(wanted.user_id_hashes, user_id_hashes) & (columns != NO_COLUMN)
    mask[np.searchsorted(user_id_hashes, wanted.user_id_hashes[counted]), columns[counted]] = True
    return mask


def _served(history: History, likes: Examples, user_id_hashes: Int64s, posts: Int64s) -> LikeSources:
    """What had served these pairs of user and post, each of which is one of the likes."""
    users, n_posts = distinct(likes.user_id_hashes), len(history.data.posts.id_hashes)
    indices = history.data.posts.indices(likes.post_id_hashes)
    codes = np.searchsorted(users, likes.user_id_hashes) * n_posts + indices
    order = np.argsort(codes, kind="stable")
    wanted = np.searchsorted(users, user_id_hashes) * n_posts + posts
    return history.data.sources_of(likes).where(order[np.searchsorted(codes[order], wanted)])


def _test_users(history: History, rules: ReplayRules, cut: ReplayCut) -> Int64s:
    users = distinct(history.likes_within(cut.start, cut.end).user_id_hashes)
    if len(users) <= MAX_ASKED:
        return users
    return np.sort(np.random.default_rng(rules.seed).choice(users, MAX_ASKED, replace=False))
