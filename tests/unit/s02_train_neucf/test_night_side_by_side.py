"""A night in several processes: the same figures, weights and curves as in one, to the last bit."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
import torch

from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.gate.cuts import N_CUTS, ReplayCut
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules
from s02_train_neucf.learning.curves import EpochResult, LearningCurves
from s02_train_neucf.learning.fit import Fitted, FitUnderWay, SearchResult
from s02_train_neucf.learning.train import ignore_epoch
from s02_train_neucf.learning.worker_pool import workers_of
from s02_train_neucf.replay_units import units_of
from s02_train_neucf.report import EvaluationPlan, evaluate_global_cut, evaluate_model
from s02_train_neucf.report_json import report_json
from shared.neucf.config import NeuCFConfig
from shared.settings import HeuristicSettings, WindowSettings
from tests.judged_worlds import births
from tests.neucf_worlds import QUICK

CONFIG = NeuCFConfig(gmf_width=16, mlp_width=8, tower=(8, 4), image_width=4)
RULES = ReplayRules(window=WindowSettings(), formula=HeuristicSettings(), min_known=3)


@dataclass(kw_only=True)
class TrainingRun:
    report: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    losses: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)


def plan_of(data: TrainingData) -> EvaluationPlan:
    return EvaluationPlan(
        data=data, config=CONFIG, recipe=replace(QUICK, epochs=4, validate_every=2, members=2), rules=RULES, seed=1,
        device=torch.device("cpu"),
    )  # fmt: skip


def training_run(n_workers: int, *, from_champion: bool) -> TrainingRun:
    data, steps, curves = births(0, n_users=40, n_posts=60, seen=30), set[str](), LearningCurves()
    plan = replace(plan_of(data), report_progress=lambda step, _done, _of: steps.add(step))
    begun, one_epoch = list[FitUnderWay](), SearchResult(recipe=replace(plan.recipe, epochs=1, members=1))
    champion = plan.fit(data, ignore_epoch, one_epoch).as_predecessor("the champion")
    before = champion if from_champion else None
    with workers_of(n_workers) as workers:

        def on_epoch(cut: str, epoch: EpochResult) -> None:
            curves.add(cut, epoch)

        def begin(found: SearchResult) -> None:
            begun.append(plan.begin_fit(data.without_deleted(), partial(on_epoch, "all data"), found, before, workers))

        evaluation = evaluate_model(plan, History.of(data), on_epoch, workers, begin)
        fitted: Fitted = begun[0].result()
    return TrainingRun(
        report=report_json(evaluation), weights=fitted.model.state_dict(), losses=curves.losses,
        counts=plan.watch.counts(), steps=steps,
    )  # fmt: skip


@pytest.mark.parametrize("few_likes", [0, 250_000])
def test_nothing_depends_on_the_number_of_processes(few_likes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("report", "learning.fit"):
        monkeypatch.setattr(f"s02_train_neucf.{module}.FEW_LIKES", few_likes)
    from_champion = few_likes > 0
    alone, together = (training_run(n, from_champion=from_champion) for n in (1, 2))
    assert alone.report == together.report
    assert alone.losses == together.losses
    assert {"warm-up", "cut 5 of 5", "per user", "all data", "all data again"} <= alone.losses.keys()
    assert alone.weights.keys() == together.weights.keys()
    assert all(torch.equal(weights, together.weights[name]) for name, weights in alone.weights.items())
    assert (alone.counts, alone.steps) == (together.counts, together.steps)


def test_all_cuts_start_from_the_model_of_the_warm_up() -> None:
    cuts = tuple(ReplayCut(start=float(day), end=float(day + 1)) for day in range(1 + N_CUTS))
    units = units_of(cuts, evaluate_global_cut, SearchResult(recipe=QUICK), 0.0)
    assert [unit.gives_model for unit in units] == [True] + [False] * 5
    assert [unit.is_global for unit in units] == [False, True, False, False, False, False]
