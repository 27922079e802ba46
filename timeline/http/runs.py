"""The operator's routes for jobs: request a run, and the history of runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from shared.db.requests import request_new_run
from shared.db.runs import current_run, live_services, recent_runs
from shared.jobs.names import SERVICES, Job
from shared.logs import log_event
from timeline.http.admin_schemas import RunAnswer, RunHistory, RunRequested
from timeline.http.answers import PROBLEMS, Documented, problem
from timeline.http.problems import Problem
from timeline.http.routers import TOKEN_NAME, operator_router, state_of
from timeline.http.schemas import IS_WHOLE, MAX_RUNS

router: APIRouter = operator_router("/admin/jobs")
REFUSALS: Documented = {
    409: problem("a run of this job is under way, or waits to begin", "run-under-way"),
    503: problem(
        "no service that does this job is alive, or PostgreSQL is away", "service-not-alive", "store-unavailable"
    ),
    422: PROBLEMS[422],
}


@router.post("/{job}", status_code=202, response_model=RunRequested, responses=REFUSALS, operation_id="requestRun")
async def ask_for_run(request: Request, job: Job) -> RunRequested:
    """Ask the service that does a job for a run; it begins within seconds."""
    state, service = state_of(request), SERVICES[job]
    current = await state.operate(current_run, state.database, job)
    if current is not None:  # perhaps of `--once`: then no service is alive
        raise _under_way(job)
    alive = await state.operate(live_services, state.database)
    if not any(row["service"] == service for row in alive):
        detail = f"no {service} is alive, so nothing was asked for; start it"
        raise Problem(503, "service-not-alive", detail, {"Retry-After": "30"})
    run = await state.operate(request_new_run, state.database, job, by=TOKEN_NAME)
    if run is None:
        raise _under_way(job)
    log_event("admin.job", job=job, run=run)
    return RunRequested(run=run, job=job)


@router.get("", response_model=RunHistory, responses={422: PROBLEMS[422]}, operation_id="getRuns")
async def get_runs(
    request: Request,
    job: Annotated[Job | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_RUNS), IS_WHOLE] = 20,
) -> RunHistory:
    """The newest runs, of one job or of all."""
    state = state_of(request)
    runs = await state.operate(recent_runs, state.database, limit=limit, job=job)
    return RunHistory(runs=[RunAnswer.model_validate(dict(run)) for run in runs])


def _under_way(job: Job) -> Problem:
    return Problem(409, "run-under-way", f"a run of {job} is under way, or waits to begin; nothing was asked for")
