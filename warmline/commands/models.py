"""`warmline models`, `promote`, `rollback`: show and change which model is served."""

from typing import Any

from shared.db.models import ModelVersion, list_models
from shared.db.readiness import read_readiness
from shared.db.runs import live_services
from shared.jobs.names import SERVICES, Job
from shared.operations.promotion import Promotion, promote, roll_back
from shared.settings import ModelSettings, load_settings
from warmline.operator_name import operator_name
from warmline.screen import say, show_json, show_sections
from warmline.stores import OpenStores, open_stores

SHOWN = ("hr@10", "ndcg@10", "recall@20")
LIMIT = 20


def run_models(*, as_json: bool) -> int:
    """List the newest versions with their metrics and verdicts."""
    with open_stores() as stores:
        models = list_models(stores.database, limit=LIMIT)
        readiness = read_readiness(stores.database)
    if as_json:
        show_json({"models": [as_dict(model) for model in models], "readiness": readiness})
        return 0
    say(f"Phase 2 is {readiness['sentence']}.")
    if not models:
        say("No model was trained yet; `python -m s02_train_neucf --once` trains one now.")
        return 0
    show_sections((f"model {model.version}", _lines(model)) for model in models)
    return 0


def run_promote(version: int, *, override: bool, by: str | None, as_json: bool) -> int:
    """Make a version the champion and request its lists, after its files were checked."""
    model_dir = load_settings(ModelSettings).model_dir
    with open_stores() as stores:
        done = promote(stores.database, model_dir, version, by=by or operator_name(), override=override)
        has_scorer = _has_scorer(stores)
    return _said(done, has_scorer=has_scorer, as_json=as_json)


def run_rollback(*, by: str | None, as_json: bool) -> int:
    """Make the previous champion the champion again and request its lists, after its files were checked."""
    model_dir = load_settings(ModelSettings).model_dir
    with open_stores() as stores:
        done = roll_back(stores.database, model_dir, by=by or operator_name())
        has_scorer = _has_scorer(stores)
    return _said(done, has_scorer=has_scorer, as_json=as_json)


def as_dict(model: ModelVersion) -> dict[str, Any]:
    """A version for a script."""
    return {
        "version": model.version,
        "alias": model.alias,
        "state": model.state,
        "verdict": model.verdict,
        "created_at": model.created_at,
        "report": model.report,
    }


def _said(done: Promotion, *, has_scorer: bool, as_json: bool) -> int:
    if as_json:
        about = {"files_checked": done.warning is None, "warning": done.warning, "scorer_alive": has_scorer}
        show_json({"champion": _in_short(done.model), "run": done.run, **about})
        return 0
    checked = "" if done.warning else " Its files are whole."
    say(f"Model {done.model.version} is the champion.{checked} Its lists come with scoring run {done.run}.")
    if not has_scorer:
        service = SERVICES[Job.SCORE]
        say(f"No {service} is alive to do that run: start it, or do one run here: python -m {service} --once")
    if done.warning:
        say(done.warning)
    return 0


def _in_short(model: ModelVersion) -> dict[str, Any]:
    """A version, its metrics and the gate's checks; `warmline models --json` has the whole report."""
    about = {name: value for name, value in as_dict(model).items() if name != "report"}
    return {**about, "figures": _figures(model), "checks": model.report.get("checks", [])}


def _has_scorer(stores: OpenStores) -> bool:
    return any(row["service"] == SERVICES[Job.SCORE] for row in live_services(stores.database))


def _lines(model: ModelVersion) -> list[str]:
    """Which model is served and why, and how good it is."""
    alias = f", {model.alias}" if model.alias else ""
    figures = [f"{name} {value:.4f}" for name, value in _figures(model).items()]
    head = f"{model.state}{alias}, trained {model.created_at:%Y-%m-%d %H:%M}"
    return [line for line in (head, ", ".join(figures), model.verdict) if line]


def _figures(model: ModelVersion) -> dict[str, float]:
    return {name: value for name in SHOWN if (value := _figure(model, name)) is not None}


def _figure(model: ModelVersion, metric: str) -> float | None:
    """NeuCF's metric in the replay, which the gate uses; without a replay, on the first cut."""
    for cut in (model.report.get("replay", {}), *model.report.get("cuts", {}).values()):
        value = cut.get("systems", {}).get("neucf", {}).get(metric)
        if value is not None:
            return float(value["mean"])
    return None
