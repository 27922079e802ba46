"""What a training run reports: NeuCF beside plain rankers, in the replay and on two cuts with all posts ranked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.evaluation.all_posts import Views
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker, Report, evaluate, exam_of
from s02_train_neucf.evaluation.heuristic_ranker import Heuristic
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.metrics import Interval
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import EASE, ItemKNN, Popularity
from s02_train_neucf.evaluation.split import Split, global_cut, per_user_cut
from s02_train_neucf.gate.cuts import N_WARM_UP, ReplayCut, cuts_of
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import HEURISTIC, POPULARITY, ModelThen, ReplayRules
from s02_train_neucf.gate.replay import CutFigures, replay_cut
from s02_train_neucf.gate.replay_report import NEUCF, Replay, replay_of
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.fit import Fitted, SearchResult, fit
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.warm_start import Predecessor
from s02_train_neucf.progress import GLOBAL, PER_USER, WARM_UP, examining, replaying
from shared.errors import TrainingRefused
from shared.jobs.stages import Stopwatch
from shared.neucf.config import NeuCFConfig
from shared.run_progress import ReportProgress, ignore_progress

PER_USER_SHARE = 0.2  # of each user's likes, the last ones
SHOWN = ("hr@10", "ndcg@10", "recall@20")
REPLAY, EXAMS = "replay", "exams"  # parts of a run's time

Told = Callable[[str, EpochResult], None]
Make = Callable[[], Ranker]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """How a model is trained for a trial, and what it is held against."""

    data: TrainingData
    config: NeuCFConfig
    recipe: Recipe
    rules: ReplayRules  # of the replay; the users whom it asks are asked on the other cuts too
    seed: int
    device: torch.device
    warm: bool = False  # whether each model of the replay starts from that of the cut before, as nights do
    watch: Stopwatch = field(default_factory=Stopwatch)  # of the replay and the exams
    report_progress: ReportProgress = ignore_progress  # told of both, step by step

    def fit(
        self,
        data: TrainingData,
        on_epoch: Callable[[EpochResult], None],
        found: SearchResult | None = None,
        before: Predecessor | None = None,
    ) -> Fitted:
        """A model that has seen these data, started from another where there is one to start from.

        Raises:
            TrainingRefused: no positive example in them.
        """
        return fit(
            data.events, data.posts, data.features, self.config, self.recipe,
            seed=self.seed, device=self.device, found=found, on_epoch=on_epoch, before=before,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """All figures of a training run."""

    replay: Replay
    cuts: Mapping[str, Report]  # "global" and "per user", where there is somebody to ask
    found: SearchResult | None  # on the data before the first cut; None where there was nothing to learn from

    @property
    def shown(self) -> Report | None:
        """The report whose figures stand for the model: the replay, else the first cut there is."""
        return self.replay.report or next(iter(self.cuts.values()), None)


def try_model(trial: EvaluationPlan, past: History, on_epoch: Told) -> EvaluationResult:
    """Replay the last part of the data, one training per cut; then rank all posts, on two cuts of the same data.

    The number of epochs and the learning rate are searched for once, before the warm-up. The model of the first judged
    cut is also that of the global cut, for it has seen the same. With a warm start each cut's model starts from that of
    the cut before, and the first by chance: what is judged is what nights do, and no model has seen what it is asked.
    A single member is trained at each cut: three take
    thrice as long, and what goes live, their mean, was never measured worse than one of them (EXPERIMENTS.md).
    """
    members, trial = trial.recipe.members, replace(trial, recipe=replace(trial.recipe, members=1))
    figures, reports, found, n_warm_up = [], dict[str, Report](), None, 0
    before: Predecessor | None = None
    cuts = cuts_of(past.by_time.at, past.likes, min_known=trial.rules.min_known)
    for place, cut in enumerate(cuts):
        name = f"cut {place} of {len(cuts) - N_WARM_UP}" if place >= N_WARM_UP else WARM_UP
        try:
            fitted = trial.fit(trial.data.before(cut.start), partial(on_epoch, name), found, before)
        except TrainingRefused:
            continue
        if trial.warm:
            before = fitted.as_predecessor("the cut before")
        found = fitted.found
        n_warm_up += place < N_WARM_UP
        if place == N_WARM_UP:
            standing = trial.data.standing()
            split = global_cut(standing.events, standing.posts, at=cut.start)
            _note(reports, GLOBAL, _ask_all_posts(trial, GLOBAL, split, cut.start, fitted))
        figures.append(_replayed(trial, past, cut, fitted, name))
    _note(reports, PER_USER, _try_per_user(trial, on_epoch))
    replay = replay_of(
        figures, trial.rules.orders, n_warm_up=n_warm_up, n_posts=len(trial.data.posts.keys),
        min_known=trial.rules.min_known, generator=np.random.default_rng(trial.seed),
    )  # fmt: skip
    if found is not None:
        found = replace(found, recipe=replace(found.recipe, members=members))
    return EvaluationResult(replay=replay, cuts=reports, found=found)


def _replayed(trial: EvaluationPlan, past: History, cut: ReplayCut, fitted: Fitted, name: str) -> CutFigures:
    """One cut; the watch counts how many people were asked, and how often."""
    step = replaying(name.partition(" of ")[0])
    with trial.watch.part(REPLAY):
        figures = replay_cut(past, trial.rules, cut, ModelThen(fitted, past), partial(trial.report_progress, step))
    trial.watch.count("steps", figures.n_steps)
    trial.watch.count("asked", figures.n_asked)
    trial.watch.count("people", len(figures.user_keys))
    return figures


def report_json(tried: EvaluationResult) -> dict[str, Any]:
    """The figures as plain values, for PostgreSQL and for the screen."""
    replay = tried.replay
    return {
        "replay": {
            "cuts": [
                {
                    "from": each.cut.start,
                    "until": each.cut.end,
                    "steps": each.n_steps,
                    "users": each.n_users,
                    "serving_order": each.order.to_json(),
                }
                for each in replay.cuts
            ],
            "serving_order": replay.order.to_json(),
            **({"missing": replay.missing} if replay.report is None else _json(replay.report)),
        },
        "cuts": {name: _json(report) for name, report in tried.cuts.items()},
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


def _try_per_user(trial: EvaluationPlan, on_epoch: Told) -> Report | None:
    """The per-user cut trains for itself, with its own search: what it asks may lie before the first replayed cut."""
    data = trial.data.standing()
    split = per_user_cut(data.events, data.posts, share=PER_USER_SHARE)
    end = float(data.events.at.max(initial=0.0)) + 1.0
    try:
        fitted = fit(
            split.train_events, data.posts, data.features, trial.config, trial.recipe,
            seed=trial.seed, device=trial.device, on_epoch=lambda epoch: on_epoch(PER_USER, epoch),
        )  # fmt: skip
    except TrainingRefused:
        return None
    return _ask_all_posts(trial, PER_USER, split, end, fitted)


def _ask_all_posts(trial: EvaluationPlan, name: str, split: Split, moment: float, fitted: Fitted) -> Report | None:
    data, min_known = trial.data.standing(), trial.rules.min_known
    try:
        exam = exam_of(split.train, split.test, data.posts)
    except TrainingRefused:
        return None
    if not (exam.known.counts >= min_known).any():
        return None
    systems: dict[str, Make] = {
        NEUCF: lambda: ModelRanker(fitted.model, exam, fitted.data.users, fitted.data.posts, data.features),
        **plain_rankers(exam, split, trial, moment),
    }
    protocol = f"{name} cut by time; all {len(data.posts.keys)} posts ranked; users with {min_known} likes or more"
    looks = Views(exam=exam, cold_below=min_known, photos=data.features.image, seed=trial.seed)
    trial.watch.count("examined", len(exam.user_keys))
    with trial.watch.part(EXAMS):
        report = evaluate(
            _counted(systems, partial(trial.report_progress, examining(name))), exam, ours=NEUCF, protocol=protocol,
            generator=np.random.default_rng(trial.seed), min_known=min_known, on_lists=looks.note,
        )  # fmt: skip
    return replace(report, spread=looks.spread, slices=looks.slices)


def _counted(systems: Mapping[str, Make], on_system: Callable[[int, int], None]) -> dict[str, Make]:
    """The same, each of which says that its turn has come."""

    def made(place: int, make: Make) -> Ranker:
        on_system(place, len(systems))
        return make()

    return {name: partial(made, place, make) for place, (name, make) in enumerate(systems.items())}


def plain_rankers(exam: EvaluationTask, split: Split, trial: EvaluationPlan, moment: float) -> dict[str, Make]:
    """How to make each: one that lacks its package, or room for posts × posts, refuses when it is made."""
    features = trial.data.standing().features
    contents = {"photo-knn": features.image, "caption-knn": features.caption}
    return {
        POPULARITY: lambda: Popularity(exam.everyone),
        HEURISTIC: lambda: Heuristic(split.train_events, exam.posts, trial.rules.formula, at=moment),
        "item-knn": lambda: ItemKNN(exam.everyone),
        "ease": lambda: EASE(exam.everyone),
        "ials": lambda: IALS(exam.everyone, seed=trial.seed),
        **{
            name: partial(ContentKNN, exam.everyone, vectors)
            for name, vectors in contents.items()
            if vectors is not None
        },
    }


def _note(reports: dict[str, Report], name: str, report: Report | None) -> None:
    if report is not None:
        reports[name] = report
