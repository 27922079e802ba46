"""Whole runs of the jobs, as the services do them: asked for, claimed, done, ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, request_run
from shared.ranked_lists.publish import ListWriter
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, WindowSettings

WORKER = "a benchmark"


def heuristic_settings() -> JobSettings:
    """The defaults, whatever the environment says."""
    return JobSettings(
        window=WindowSettings(), lists=ListSettings(), formula=HeuristicSettings(), new_posts=NewPostSettings()
    )


def heuristic_run(database: Database, redis_url: str, now: datetime) -> Mapping[str, Any]:
    """One run of the heuristic job; gives its report."""
    settings = heuristic_settings()
    lists = settings.lists
    request_run(database, JOB, by=WORKER)
    run = claim_run(database, JOB, worker=WORKER)
    assert run is not None, "nobody else works on a benchmark's database"
    writer = ListWriter(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    try:
        report = run_heuristic(database, writer, settings, run, now)
    finally:
        writer.close()
    finish_run(database, run, report=report)
    return report
