"""The two cuts with all posts ranked, on a world in which posts come and go all the time."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from s02_train_neucf import report as report_module
from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.evaluation.evaluate import Report
from s02_train_neucf.evaluation.split import Split, per_user_cut, validation_cut
from s02_train_neucf.evaluation.tuning import TUNABLE, tunable_for
from s02_train_neucf.gate.cuts import N_CUTS, cuts_of
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules
from s02_train_neucf.learning.fit import Fitted, SearchResult, fit
from s02_train_neucf.report import (
    PER_USER_SHARE,
    EvaluationPlan,
    evaluate_global_cut,
    evaluate_model,
    evaluate_per_user_cut,
)
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.features import NO_FEATURES
from shared.settings import HeuristicSettings, WindowSettings
from tests.judged_worlds import LASTS, births
from tests.neucf_worlds import QUICK, with_repeats

CUT = 0.8 * LASTS
GONE, GOES = 3, 100  # a post that is deleted before the cut, and one after it
CONFIG = NeuCFConfig(gmf_width=16, mlp_width=8, tower=(8, 4), image_width=4)
RULES = ReplayRules(window=WindowSettings(), formula=HeuristicSettings(), min_known=3)


def world(*, photos: bool = True) -> TrainingData:
    data = births(0)
    deleted_at = np.full(len(data.posts), np.inf)
    deleted_at[[GONE, GOES]] = CUT - 1.0, CUT + 1.0
    return replace(data, deleted_at=deleted_at, features=data.features if photos else NO_FEATURES)


def plan_of(data: TrainingData) -> EvaluationPlan:
    width = 0 if data.features.image is None else data.features.image.width
    recipe = replace(QUICK, epochs=6, validate_every=6)
    config, cpu = replace(CONFIG, image_width=width), torch.device("cpu")
    return EvaluationPlan(data=data, config=config, recipe=recipe, rules=RULES, seed=1, device=cpu)


def fitted_on(plan: EvaluationPlan) -> Fitted:
    then = plan.data.before(CUT)
    found = SearchResult(recipe=plan.recipe)
    return fit(then.events, then.posts, then.features, plan.config, plan.recipe, seed=1, device=plan.device,
               search_result=found)  # fmt: skip


def global_report(data: TrainingData) -> Report:
    plan = plan_of(data)
    report = evaluate_global_cut(plan, fitted_on(plan), at=CUT, searched_at=0.7 * LASTS)
    assert report is not None
    return report


@pytest.fixture(scope="module")
def report() -> Report:
    return global_report(world())


def liked_by_the_cut(data: TrainingData) -> set[int]:
    events = data.events.where(data.events.kinds == KIND_CODES[InteractionKind.LIKE]).before(CUT)
    return set(events.post_id_hashes.tolist())


def test_posts_that_stood_at_the_cut_and_had_a_like_are_ranked(report: Report) -> None:
    liked = liked_by_the_cut(world())
    assert {GONE, GOES} <= liked
    assert report.n_posts == len(liked - {GONE})  # a deletion after the cut could not be known at it


def test_the_others_are_asked_for_in_the_cold_row_alone(report: Report) -> None:
    data = world()
    assert report.cold is not None
    assert report.cold.n_posts == len(data.posts) - 1 - report.n_posts
    born_later = int((data.posts.created_at > CUT).sum())
    assert 0 < born_later <= report.cold.n_posts


def test_the_cold_row_has_figures_of_those_who_know_photos_and_reasons_for_the_others(report: Report) -> None:
    assert report.cold is not None
    assert report.cold.figures.keys() == {"neucf", "photo-knn"}
    assert report.cold.figures["photo-knn"].mean > 1.5 * report.cold.by_chance
    assert report.cold.says_nothing.keys() == {"popularity", "heuristic", *tunable_for(len(world().posts))}
    assert report.figures.keys() == report.cold.figures.keys() | report.cold.says_nothing.keys()


def test_a_model_without_content_has_no_figure_in_the_cold_row() -> None:
    cold = global_report(world(photos=False)).cold
    assert cold is not None
    assert cold.figures == {}
    assert "neucf" in cold.says_nothing


def test_the_report_says_which_setting_each_tuned_baseline_has(report: Report) -> None:
    assert report.settings.keys() == set(tunable_for(len(world().posts)))
    assert all(setting in TUNABLE[name].grid for name, setting in report.settings.items())


def test_each_users_last_likes_are_asked_for_among_all_posts_that_are_left() -> None:
    plan = plan_of(world())
    found = evaluate_per_user_cut(plan, None, lambda _cut, _epoch: None)
    assert found is not None
    assert found.n_posts == len(plan.data.posts) - 2


def test_the_global_cut_is_the_first_judged_one_and_its_rivals_see_what_the_search_saw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search was done before the warm-up, so nothing later may tune the rivals either; repeats move no cut."""
    asked: list[tuple[float, float]] = []

    def recorded(_plan: EvaluationPlan, _fitted: Fitted, *, at: float, searched_at: float) -> None:
        asked.append((at, searched_at))

    monkeypatch.setattr(report_module, "evaluate_global_cut", recorded)
    once = births(0, n_users=40, n_posts=60, seen=30)
    plan = plan_of(replace(once, events=with_repeats(once.events)))
    history = History.of(plan.data)
    evaluate_model(plan, history, lambda _cut, _epoch: None)
    warm_up, first, *_ = cuts_of(once.events, history.likes, min_known=RULES.min_known)
    assert asked == [(first.start, warm_up.start)]


def test_one_search_serves_all_cuts_and_sees_nothing_that_any_of_them_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[TrainingData] = []
    of_users: list[SearchResult | None] = []
    search, evaluate_users = EvaluationPlan.search, evaluate_per_user_cut

    def recorded_search(plan: EvaluationPlan, data: TrainingData, *rest: Any) -> SearchResult:
        searched.append(data)
        return search(plan, data, *rest)

    def recorded_users(plan: EvaluationPlan, found: SearchResult | None, *rest: Any) -> Report | None:
        of_users.append(found)
        return evaluate_users(plan, found, *rest)

    monkeypatch.setattr(EvaluationPlan, "search", recorded_search)
    monkeypatch.setattr(report_module, "evaluate_per_user_cut", recorded_users)
    plan = plan_of(births(0, n_users=40, n_posts=60, seen=30))
    history = History.of(plan.data)
    evaluation = evaluate_model(plan, history, lambda _cut, _epoch: None)
    assert len(searched) == 1
    found, at_users = evaluation.search_result, of_users[0]
    assert found is not None
    assert at_users is not None
    assert found.recipe.epochs == at_users.recipe.epochs
    alive = plan.data.without_deleted()
    asked = per_user_cut(alive.events, alive.posts, share=PER_USER_SHARE).test
    assert pairs_of(searched[0].events).isdisjoint(pairs_of(asked))
    warm_up, *_ = cuts_of(plan.data.events, history.likes, min_known=RULES.min_known)
    assert searched[0].events.at.max() < warm_up.start


@pytest.mark.parametrize(("few_likes", "by_chance"), [(0, 0), (250_000, 2)])
def test_with_many_likes_the_warm_up_and_the_per_user_cut_start_from_the_model_of_the_search(
    few_likes: int, by_chance: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="warmline")
    monkeypatch.setattr("s02_train_neucf.report.FEW_LIKES", few_likes)
    plan = plan_of(births(0, n_users=40, n_posts=60, seen=30))
    plan = replace(plan, recipe=replace(plan.recipe, members=2))
    evaluate_model(plan, History.of(plan.data), lambda _cut, _epoch: None)
    starts = [record.getMessage() for record in caplog.records if "train.warm_start" in record.getMessage()]
    assert sum("the search" in start for start in starts) == 2 - by_chance
    assert sum("the warm-up" in start for start in starts) == N_CUTS


def pairs_of(events: Events | Examples) -> set[tuple[int, int]]:
    return set(zip(events.user_id_hashes.tolist(), events.post_id_hashes.tolist(), strict=True))


def test_rivals_are_tuned_on_nothing_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Events] = []
    born: list[float] = []
    kept = validation_cut

    def recorded(events: Events, posts: SortedPosts) -> Split | None:
        seen.append(events)
        born.append(posts.created_at.max())
        return kept(events, posts)

    monkeypatch.setattr(report_module, "validation_cut", recorded)
    plan = plan_of(world(photos=False))
    evaluate_global_cut(plan, fitted_on(plan), at=CUT, searched_at=0.7 * LASTS)
    evaluate_per_user_cut(plan, None, lambda _name, _epoch: None)
    of_global, of_users = seen
    assert max(of_global.at.max(), born[0]) < 0.7 * LASTS
    alive = plan.data.without_deleted()
    asked = per_user_cut(alive.events, alive.posts, share=PER_USER_SHARE).test
    assert pairs_of(of_users).isdisjoint(pairs_of(asked))
