"""Complete runs of the jobs, like the services do them: requested, claimed, done, finished."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, WindowSettings

WORKER = "a benchmark"

Report = Mapping[str, Any]


def heuristic_settings() -> JobSettings:
    """The defaults, regardless of the environment."""
    return JobSettings(
        window=WindowSettings(), lists=ListSettings(), formula=HeuristicSettings(), new_posts=NewPostSettings()
    )


def heuristic_run(database: Database, redis_url: str, now: datetime) -> Report:
    """One run of the heuristic job; returns its report."""
    settings = heuristic_settings()
    return published_run(
        database,
        JOB,
        redis_url,
        settings.lists,
        lambda writer, run: run_heuristic(database, writer, settings, run, now),
    )


def published_run(
    database: Database, job: str, redis_url: str, lists: ListSettings, work: Callable[[JobStore, Run], Report]
) -> Report:
    """One run of a job that publishes; returns its report."""

    def published(run: Run) -> Report:
        writer = JobStore(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
        try:
            return work(writer, run)
        finally:
            writer.close()

    return whole_run(database, job, published)


def whole_run(database: Database, job: str, work: Callable[[Run], Report]) -> Report:
    """Request a run, claim it, do it and finish it; returns its report."""
    request_run(database, job, by=WORKER)
    run = claim_run(database, job, worker=WORKER)
    assert run is not None, "nobody else works on a benchmark's database"
    report = work(run)
    finish_run(database, run, report=report)
    return report
