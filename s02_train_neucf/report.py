"""What a training run reports: NeuCF beside plain rankers, on two cuts of the same data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from s02_train_neucf.baselines import EASE, MAX_DENSE_POSTS, ItemKNN, Popularity, Ranker
from s02_train_neucf.evaluate import Exam, ModelRanker, Report, evaluate, exam_of
from s02_train_neucf.fit import fit
from s02_train_neucf.heuristic_ranker import Heuristic
from s02_train_neucf.load import TrainingData
from s02_train_neucf.recipe import Recipe
from s02_train_neucf.split import Split, global_cut, per_user_cut, time_at
from s02_train_neucf.train import Epoch
from shared.errors import TrainingRefused
from shared.neucf.config import NeuCFConfig
from shared.settings import HeuristicSettings

NEUCF, POPULARITY, HEURISTIC = "neucf", "popularity", "heuristic"
RIVALS = (POPULARITY, HEURISTIC)  # what the app could show without a model: the gate asks for more than the better one
GLOBAL_SHARE = 0.8  # of the events, by time
PER_USER_SHARE = 0.2  # of each user's likes, the last ones
MIN_ASKED = 30  # users below which an interval says little; then the per-user cut decides
SHOWN = ("hr@10", "ndcg@10", "recall@20")

Told = Callable[[str, Epoch], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a model is trained for a trial, and what it is held against."""

    data: TrainingData
    config: NeuCFConfig
    recipe: Recipe
    formula: HeuristicSettings
    seed: int
    device: torch.device
    min_known: int  # positives that a user needs to be served the model's lists


def try_cuts(trial: Trial, on_epoch: Told) -> dict[str, Report]:
    """Train on each cut's earlier side and ask for its later side; a cut with nothing to ask is left out."""
    events, posts = trial.data.events, trial.data.posts
    at = time_at(events, share=GLOBAL_SHARE)
    cuts = {
        "global": (global_cut(events, posts, at=at), at),
        "per user": (per_user_cut(events, posts, share=PER_USER_SHARE), float(events.at.max(initial=0.0)) + 1.0),
    }
    reports = {}
    for name, (split, moment) in cuts.items():
        report = _try_cut(trial, name, split, moment, on_epoch)
        if report is not None:
            reports[name] = report
    return reports


def deciding(reports: Mapping[str, Report]) -> Report:
    """The report that the gate reads: the cut through time, where enough users have a life on both sides of it.

    Raises:
        TrainingRefused: there is none.
    """
    by_time = reports.get("global")
    if by_time is not None and by_time.n_users >= MIN_ASKED:
        return by_time
    if "per user" in reports:
        return reports["per user"]
    if by_time is not None:
        return by_time
    raise TrainingRefused("evaluation: got no user with likes on both sides of a cut; wait for more data")


def report_json(reports: Mapping[str, Report]) -> dict[str, Any]:
    """The reports as plain values, for PostgreSQL and for the screen."""
    return {
        name: {
            "protocol": report.protocol,
            "users": report.n_users,
            "posts": report.n_posts,
            "systems": {
                system: {
                    metric: {"mean": value.mean, "low": value.low, "high": value.high}
                    for metric, value in figures.items()
                }
                for system, figures in report.figures.items()
            },
        }
        for name, report in reports.items()
    }


def _try_cut(trial: Trial, name: str, split: Split, moment: float, on_epoch: Told) -> Report | None:
    data = trial.data
    try:
        exam = exam_of(split.train, split.test, data.posts, min_known=trial.min_known)
        fitted = fit(
            split.train_events,
            data.posts,
            data.features,
            trial.config,
            trial.recipe,
            seed=trial.seed,
            device=trial.device,
            on_epoch=lambda epoch: on_epoch(name, epoch),
        )
    except TrainingRefused:
        return None
    ours = ModelRanker(fitted.model, exam, fitted.data.users, fitted.data.posts, data.features)
    systems: dict[str, Ranker] = {NEUCF: ours, **plain_rankers(exam, split, trial, moment)}
    protocol = (
        f"{name} cut by time; all {len(data.posts.post_key)} posts ranked; users with {trial.min_known} likes or more"
    )
    return evaluate(systems, exam, ours=NEUCF, protocol=protocol, generator=np.random.default_rng(trial.seed))


def plain_rankers(exam: Exam, split: Split, trial: Trial, moment: float) -> dict[str, Ranker]:
    """Popularity and the heuristic always; the dense ones while posts × posts fits into memory."""
    rankers: dict[str, Ranker] = {
        POPULARITY: Popularity(exam.everyone),
        HEURISTIC: Heuristic(split.train_events, trial.data.posts, trial.formula, at=moment),
    }
    if len(trial.data.posts.post_key) <= MAX_DENSE_POSTS:
        rankers["item-knn"] = ItemKNN(exam.everyone)
        rankers["ease"] = EASE(exam.everyone)
    return rankers
