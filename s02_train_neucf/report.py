"""Evaluates a training's models beside baselines: in the replay, and on two cuts with all posts ranked."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.evaluation.all_posts import ListFigures
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker, Report, evaluate, evaluation_task_of
from s02_train_neucf.evaluation.heuristic_ranker import Heuristic
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.metrics import Interval
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import EASE, ItemKNN, Popularity
from s02_train_neucf.evaluation.split import Split, global_cut, per_user_cut
from s02_train_neucf.gate.cuts import N_WARM_UP, ReplayCut, cuts_of
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import HEURISTIC, POPULARITY, ModelAtCut, ReplayRules
from s02_train_neucf.gate.replay import CutFigures, replay_cut
from s02_train_neucf.gate.replay_report import NEUCF, Replay, replay_of
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.fit import Fitted, SearchResult, fit
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.warm_start import Predecessor
from s02_train_neucf.progress import GLOBAL, PER_USER, WARM_UP, all_posts_step, replay_step
from shared.errors import TrainingRefused
from shared.jobs.stages import Stopwatch
from shared.neucf.config import NeuCFConfig
from shared.run_progress import ReportProgress, ignore_progress

PER_USER_SHARE = 0.2  # of each user's likes, the last ones
SHOWN = ("hr@10", "ndcg@10", "recall@20")
REPLAY, ALL_POSTS = "replay", "exams"  # parts of a run's time

OnEpoch = Callable[[str, EpochResult], None]
MakeRanker = Callable[[], Ranker]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """How models are trained and evaluated in a run."""

    data: TrainingData
    config: NeuCFConfig
    recipe: Recipe
    rules: ReplayRules  # its `min_known` holds for the other cuts too
    seed: int
    device: torch.device
    warm: bool = False  # whether each model of the replay starts from that of the cut before, as nightly trainings do
    watch: Stopwatch = field(default_factory=Stopwatch)  # measures the parts of the evaluation
    report_progress: ReportProgress = ignore_progress

    def fit(
        self,
        data: TrainingData,
        on_epoch: Callable[[EpochResult], None],
        search_result: SearchResult | None = None,
        predecessor: Predecessor | None = None,
    ) -> Fitted:
        """A model trained on these data, started from `predecessor` if there is one.

        Raises:
            TrainingRefused: there is no positive example.
        """
        return fit(
            data.events, data.posts, data.features, self.config, self.recipe,
            seed=self.seed, device=self.device, search_result=search_result, on_epoch=on_epoch,
            predecessor=predecessor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """All figures of a training run."""

    replay: Replay
    cuts: Mapping[str, Report]  # "global" and "per user", if there are test users
    search_result: SearchResult | None  # on the data before the first cut; None if there was nothing to learn from

    @property
    def shown(self) -> Report | None:
        """The report that describes the model: that of the replay, else of the first cut."""
        return self.replay.report or next(iter(self.cuts.values()), None)


def evaluate_model(plan: EvaluationPlan, history: History, on_epoch: OnEpoch) -> EvaluationResult:
    """Replay the last part of the data, one training per cut; then rank all posts, on two cuts of the same data.

    Epochs and learning rate are searched for once, before the warm-up. The model of the first judged cut is also used
    for the global cut, which has the same training data. With a warm start, each cut's model starts from that of the
    cut before, as in nightly trainings, and the first from random values, so no model has seen its test likes.
    Only one member is trained per cut: three take three times as long, and their mean, which goes live, was never
    measured worse than one of them (EXPERIMENTS.md).
    """
    members, plan = plan.recipe.members, replace(plan, recipe=replace(plan.recipe, members=1))
    figures, reports, search_result, n_warm_up = [], dict[str, Report](), None, 0
    predecessor: Predecessor | None = None
    cuts = cuts_of(history.by_time.at, history.likes, min_known=plan.rules.min_known)
    for index, cut in enumerate(cuts):
        name = f"cut {index} of {len(cuts) - N_WARM_UP}" if index >= N_WARM_UP else WARM_UP
        try:
            fitted = plan.fit(plan.data.before(cut.start), partial(on_epoch, name), search_result, predecessor)
        except TrainingRefused:
            continue
        if plan.warm:
            predecessor = fitted.as_predecessor("the cut before")
        search_result = fitted.search_result
        n_warm_up += index < N_WARM_UP
        if index == N_WARM_UP:
            without_deleted = plan.data.without_deleted()
            split = global_cut(without_deleted.events, without_deleted.posts, at=cut.start)
            _add(reports, GLOBAL, _evaluate_on_all_posts(plan, GLOBAL, split, cut.start, fitted))
        figures.append(_replay_cut(plan, history, cut, fitted, name))
    _add(reports, PER_USER, _evaluate_per_user_cut(plan, on_epoch))
    replay = replay_of(
        figures, plan.rules.orders, n_warm_up=n_warm_up, n_posts=len(plan.data.posts.id_hashes),
        min_known=plan.rules.min_known, generator=np.random.default_rng(plan.seed),
    )  # fmt: skip
    if search_result is not None:
        search_result = replace(search_result, recipe=replace(search_result.recipe, members=members))
    return EvaluationResult(replay=replay, cuts=reports, search_result=search_result)


def _replay_cut(plan: EvaluationPlan, history: History, cut: ReplayCut, fitted: Fitted, name: str) -> CutFigures:
    """Replay one cut, and count test users and steps."""
    step = replay_step(name.partition(" of ")[0])
    with plan.watch.part(REPLAY):
        model = ModelAtCut(fitted.model, fitted.data.users, fitted.data.posts, history)
        figures = replay_cut(history, plan.rules, cut, model, partial(plan.report_progress, step))
    plan.watch.count("steps", figures.n_steps)
    plan.watch.count("asked", figures.n_asked)
    plan.watch.count("people", len(figures.user_id_hashes))
    return figures


def report_json(evaluation: EvaluationResult) -> dict[str, Any]:
    """The figures as JSON values, for PostgreSQL and for display."""
    replay = evaluation.replay
    return {
        "replay": {
            "cuts": [
                {
                    "from": cut.cut.start,
                    "until": cut.cut.end,
                    "steps": cut.n_steps,
                    "users": cut.n_users,
                    "serving_order": cut.order.to_json(),
                }
                for cut in replay.cuts
            ],
            "serving_order": replay.order.to_json(),
            "gains": {name: asdict(gain) for name, gain in replay.gains.items()},
            **({"missing": replay.missing} if replay.report is None else _json(replay.report)),
        },
        "cuts": {name: _json(report) for name, report in evaluation.cuts.items()},
    }


def _json(report: Report) -> dict[str, Any]:
    return {
        "protocol": report.protocol,
        "users": report.n_users,
        "posts": report.n_posts,
        "systems": {system: _figures(figures) for system, figures in report.figures.items()},
        "differences": {system: _figures(figures) for system, figures in report.differences.items()},
        "spread": {system: dict(values) for system, values in report.spread.items()},
        "slices": {
            system: {group: _figures(figures) for group, figures in groups.items()}
            for system, groups in report.slices.items()
        },
        "left_out": dict(report.left_out),
    }


def _figures(figures: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {metric: {"mean": value.mean, "low": value.low, "high": value.high} for metric, value in figures.items()}


def _evaluate_per_user_cut(plan: EvaluationPlan, on_epoch: OnEpoch) -> Report | None:
    """Evaluate on the per-user cut, with its own search: its test likes may be older than the first replayed cut."""
    data = plan.data.without_deleted()
    split = per_user_cut(data.events, data.posts, share=PER_USER_SHARE)
    end = float(data.events.at.max(initial=0.0)) + 1.0
    try:
        fitted = fit(
            split.train_events, data.posts, data.features, plan.config, plan.recipe,
            seed=plan.seed, device=plan.device, on_epoch=lambda epoch: on_epoch(PER_USER, epoch),
        )  # fmt: skip
    except TrainingRefused:
        return None
    return _evaluate_on_all_posts(plan, PER_USER, split, end, fitted)


def _evaluate_on_all_posts(plan: EvaluationPlan, name: str, split: Split, at: float, fitted: Fitted) -> Report | None:
    data, min_known = plan.data.without_deleted(), plan.rules.min_known
    try:
        task = evaluation_task_of(split.train, split.test, data.posts)
    except TrainingRefused:
        return None
    if not (task.known.counts >= min_known).any():
        return None
    systems: dict[str, MakeRanker] = {
        NEUCF: lambda: ModelRanker(fitted.model, task, fitted.data.users, fitted.data.posts, data.features),
        **make_baselines(task, split, plan, at),
    }
    protocol = f"{name} cut by time; all {len(data.posts.id_hashes)} posts ranked; users with {min_known} likes or more"
    list_figures = ListFigures(task=task, cold_below=min_known, photos=data.features.image, seed=plan.seed)
    plan.watch.count("examined", len(task.user_id_hashes))
    with plan.watch.part(ALL_POSTS):
        report = evaluate(
            _counted(systems, partial(plan.report_progress, all_posts_step(name))), task, ours=NEUCF, protocol=protocol,
            generator=np.random.default_rng(plan.seed), min_known=min_known, on_lists=list_figures.add,
        )  # fmt: skip
    return replace(report, spread=list_figures.spread, slices=list_figures.slices)


def _counted(systems: Mapping[str, MakeRanker], on_system: Callable[[int, int], None]) -> dict[str, MakeRanker]:
    """The same functions; each first reports that its system has started."""

    def make_counted(index: int, make: MakeRanker) -> Ranker:
        on_system(index, len(systems))
        return make()

    return {name: partial(make_counted, index, make) for index, (name, make) in enumerate(systems.items())}


def make_baselines(task: EvaluationTask, split: Split, plan: EvaluationPlan, at: float) -> dict[str, MakeRanker]:
    """Functions that build the baselines; one refuses if its package is missing or posts × posts are too many."""
    features = plan.data.without_deleted().features
    contents = {"photo-knn": features.image, "caption-knn": features.caption}
    return {
        POPULARITY: lambda: Popularity(task.train_likes),
        HEURISTIC: lambda: Heuristic(split.train_events, task.posts, plan.rules.formula, at=at),
        "item-knn": lambda: ItemKNN(task.train_likes),
        "ease": lambda: EASE(task.train_likes),
        "ials": lambda: IALS(task.train_likes, seed=plan.seed),
        **{
            name: partial(ContentKNN, task.train_likes, vectors)
            for name, vectors in contents.items()
            if vectors is not None
        },
    }


def _add(reports: dict[str, Report], name: str, report: Report | None) -> None:
    if report is not None:
        reports[name] = report
