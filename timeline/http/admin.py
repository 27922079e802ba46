"""The operator's routes: the phase, the models, and the status."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request
from pydantic_core import to_jsonable_python

from shared.db.feed_counts import FeedFigures, feed_figures
from shared.db.models import ModelVersion, champion, last_demotion, list_models
from shared.db.phases import change_phase, phase_history, read_phase
from shared.db.readiness import read_readiness
from shared.db.runs import live_services, recent_runs
from shared.domain import Phase, PhaseState
from shared.errors import PromotionRefused, StoreUnavailable
from shared.logs import log_event
from shared.operations.promotion import promote
from shared.ranked_lists.publication import Publication
from shared.readiness import phase_warning
from timeline.http.admin_schemas import ChampionAnswer, ModelAnswer, ModelsAnswer, StatusAnswer
from timeline.http.answers import PROBLEMS, problem
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import TOKEN_NAME, operator_router, state_of
from timeline.http.schemas import ChampionChange, PhaseAnswer, PhaseChange

if TYPE_CHECKING:
    from timeline.state import State

FEED_GENERATIONS = 10  # of each source, listed one by one in the status
STATUS_MODELS = 3  # the newest versions in the status; their reports are long, `/admin/models` has all

router = operator_router("/admin")


@router.get("/phase", response_model=PhaseAnswer, response_model_exclude_none=True, operation_id="getPhase")
async def get_phase(request: Request) -> PhaseAnswer:
    """The phase in force."""
    state = state_of(request)
    return await _phase(state, await state.operate(read_phase, state.database))


@router.put(
    "/phase", response_model=PhaseAnswer, response_model_exclude_none=True, responses={422: PROBLEMS[422]},
    operation_id="putPhase",
)  # fmt: skip
async def put_phase(request: Request, change: PhaseChange) -> PhaseAnswer:
    """Switch phases: in PostgreSQL first (versioned, on record), then in Redis. Takes effect on first pages.

    `warning` says so where the phase has no model, or no lists, yet.
    """
    state = state_of(request)
    phase = await state.operate(
        change_phase, state.database, change.phase, rollout_percent=change.rollout_percent, by=TOKEN_NAME
    )
    state.snapshot.take_phase(phase)
    log_event("admin.phase", phase=phase.phase, rollout_percent=phase.rollout_percent, version=phase.version)
    try:
        await state.operate(state.writer.write_phase, phase)
    except StoreUnavailable:
        log_event("admin.phase_waits", version=phase.version)  # the background refresh writes it when Redis is back
    return await _phase(state, phase)


# The models of the next two are documentation: an answer with something unexpected in it is still an answer.
@router.get("/status", response_model=None, responses={200: {"model": StatusAnswer}}, operation_id="getStatus")
async def get_status(request: Request) -> PrintableJSON:
    """Phase, lists, last runs, live services, model versions, likes per view, and how far the app is from phase 2."""
    state = state_of(request)
    phase, changes, runs, services, models, feeds = await state.operate(_from_database, state)
    readiness = await state.operate(read_readiness, state.database)
    published = await _publications(state) or {}
    status = {
        "phase": (await _phase(state, phase)).model_dump(exclude_none=True),
        "phase_changes": [dict(change) for change in changes],
        "lists": {phase_of_list.value: _publication(published.get(phase_of_list)) for phase_of_list in Phase},
        "live": await _live(state),
        "runs": [dict(run) for run in runs],
        "services": [dict(service) for service in services],
        "models": [_model(model) for model in models],
        "feeds": [_feed(figures) for figures in feeds],
        "missing": dict(state.snapshot.missing),
        "readiness": readiness,
    }
    return PrintableJSON(to_jsonable_python(status))


@router.get("/models", response_model=None, responses={200: {"model": ModelsAnswer}}, operation_id="getModels")
async def get_models(request: Request) -> PrintableJSON:
    """Model versions with figures and verdicts, newest first."""
    state = state_of(request)
    models = await state.operate(list_models, state.database)
    return PrintableJSON(to_jsonable_python({"models": [_model(model) for model in models]}))


@router.put(
    "/models/champion",
    response_model=ChampionAnswer,
    response_model_exclude_none=True,
    responses={
        409: problem("no such version, rejected by the gate, or its files are not whole", "promotion-refused"),
        422: PROBLEMS[422],
    },
    operation_id="putChampion",
)
async def put_champion(request: Request, change: ChampionChange) -> ChampionAnswer:
    """Promote a version, or roll back to one; its lists come with the next scoring run, which this asks for.

    The model's files are read and compared with their record first, where the model folder is mounted.
    """
    state = state_of(request)
    try:
        promotion = await state.operate(
            promote, state.database, state.model_dir, change.version, by=TOKEN_NAME, override=change.override
        )
    except PromotionRefused as error:
        raise Problem(409, "promotion-refused", str(error)) from error
    log_event(
        "admin.champion",
        model=promotion.model.version,
        override=change.override,
        files_checked=promotion.warning is None,
    )
    return ChampionAnswer(
        champion=ModelAnswer.model_validate(_model(promotion.model)),
        run=promotion.run,
        files_checked=promotion.warning is None,
        warning=promotion.warning,
    )


def _model(model: ModelVersion) -> dict[str, Any]:
    return {
        "version": model.version,
        "alias": model.alias,
        "state": model.state,
        "verdict": model.verdict,
        "created_at": model.created_at,
        "report": model.report,
    }


def _from_database(
    state: "State",
) -> tuple[PhaseState, list[Any], list[Any], list[Any], list[ModelVersion], list[FeedFigures]]:
    database = state.database
    history, feeds = phase_history(database, limit=10), feed_figures(database, generations=FEED_GENERATIONS)
    runs, services = recent_runs(database, limit=20), live_services(database)
    return read_phase(database), history, runs, services, list_models(database, limit=STATUS_MODELS), feeds


def _feed(figures: FeedFigures) -> dict[str, Any]:
    return {
        "source": figures.source,
        "generation": figures.generation,
        "events": dict(figures.events),
        "likes_per_view": figures.likes_per_view,
    }


async def _phase(state: "State", phase: PhaseState) -> PhaseAnswer:
    published = await _publications(state)
    warning = phase_warning(
        phase.phase,
        has_champion=await state.operate(champion, state.database) is not None,
        has_lists=None if published is None else phase.phase in published,
        demotion=await state.operate(last_demotion, state.database),
    )
    return PhaseAnswer(phase=phase.phase, rollout_percent=phase.rollout_percent, version=phase.version, warning=warning)


async def _publications(state: "State") -> dict[Phase, Publication] | None:
    """The last whole publication of each phase; None: Redis does not answer."""
    try:
        return await state.reader.publications()
    except StoreUnavailable:
        return None


async def _live(state: "State") -> dict[str, Any]:
    """What live passes of each phase do; nothing: Redis does not answer."""
    try:
        figures = await state.reader.live_figures()
    except StoreUnavailable:
        return {}
    return {
        phase.value: {
            "listening": each.is_listening,
            "backlog": each.backlog,
            "lag_seconds": round(each.lag_seconds, 3),
            "mean_lag_seconds": round(each.mean_lag_seconds, 3),
            "passes": int(each.counts.get("passes", 0)),
            "missed": int(each.counts.get("missed", 0)),
        }
        for phase, each in figures.items()
    }


def _publication(publication: Publication | None) -> dict[str, Any] | None:
    if publication is None:
        return None
    age = (datetime.now(UTC) - publication.at).total_seconds()
    return {
        "generation": publication.run,
        "published_at": publication.at,
        "age_seconds": round(age, 1),
        "lists": publication.lists,
        "bytes": publication.bytes,
        "seconds": publication.seconds,
    }
