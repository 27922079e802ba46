"""`warmline status`: shows the state of the installation, what needs attention, and what to do about it."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.db.engine import Database
from shared.db.migrate import check_migrated
from shared.db.models import ModelVersion, champion, last_demotion, list_models
from shared.db.phases import phase_history, read_phase
from shared.db.readiness import read_readiness
from shared.db.runs import live_services, recent_runs
from shared.db.server import read_state
from shared.db.takedowns import read_takedowns
from shared.domain import Phase
from shared.errors import ArtefactError, ForeignInstallation, WarmlineError
from shared.jobs.names import Job
from shared.neucf.model_files import check_model_files, has_model_folder
from shared.ranked_lists.health import read_health
from shared.ranked_lists.inspect import read_publications, read_safety
from shared.ranked_lists.publication import Publication
from shared.settings import ModelSettings, load_settings
from shared.version import VERSION
from warmline.commands.status.layout import show_status
from warmline.commands.status.records import FromDatabase, FromRedis, JobRuns, Status
from warmline.commands.status.rules import attention
from warmline.findings import Finding, as_dict, has_problem, in_order
from warmline.screen import show_json
from warmline.stores import open_stores

STATEMENT_SECONDS = 10
RUNS_LOOKED_AT = 20  # of each job, to find the last one of each state and the usual interval


def run_status(*, as_json: bool) -> int:
    """Show the status; returns 1 if a problem makes pages worse, else 0."""
    status = read_status(load_settings(ModelSettings).model_dir, datetime.now(UTC))
    findings = in_order(attention(status))
    if as_json:
        show_json(_as_dict(status, findings))
    else:
        show_status(status, findings)
    return int(has_problem(findings))


def read_status(model_dir: Path, now: datetime) -> Status:
    """Read both stores; one that does not answer is None.

    Raises:
        ConfigurationError: a setting is missing or wrong.
    """
    trouble: dict[str, str] = {}
    from_database: FromDatabase | None = None
    from_redis: FromRedis | None = None
    has_foreign_redis = False
    with open_stores(migrated=False, statement_seconds=STATEMENT_SECONDS) as stores:
        try:
            from_database = _ask_database(stores.database)
        except WarmlineError as error:
            trouble["postgresql"] = str(error)
        try:
            if from_database is not None:
                stores.refuse_foreign_redis()
            from_redis = _ask_redis(stores.redis_url)
        except WarmlineError as error:
            trouble["redis"], has_foreign_redis = str(error), isinstance(error, ForeignInstallation)
    files = _champions_files(from_database, model_dir)
    return Status(
        now=now,
        database=from_database,
        redis=from_redis,
        trouble=trouble,
        has_foreign_redis=has_foreign_redis,
        champions_files=files,
    )


def _ask_database(database: Database) -> FromDatabase:
    check_migrated(database)
    return FromDatabase(
        server=read_state(database),
        phase=read_phase(database),
        changed=next((dict(change) for change in phase_history(database, limit=1)), None),
        jobs={job: _runs_of(database, job) for job in Job},
        services=tuple(dict(row) for row in live_services(database)),
        champion=champion(database),
        demotion=last_demotion(database),
        newest=next(iter(list_models(database, limit=1)), None),
        readiness=read_readiness(database),
        takedowns=read_takedowns(database),
    )


def _runs_of(database: Database, job: Job) -> JobRuns:
    return JobRuns(runs=tuple(dict(run) for run in recent_runs(database, limit=RUNS_LOOKED_AT, job=job)))


def _ask_redis(url: str) -> FromRedis:
    return FromRedis(server=read_health(url), published=read_publications(url), is_safe=read_safety(url))


def _champions_files(known: FromDatabase | None, model_dir: Path) -> str | None:
    served = known.champion if known else None
    if served is None or not has_model_folder(model_dir):
        return None
    try:
        check_model_files(model_dir / served.folder, sha256=served.sha256, manifest_sha256=served.manifest_sha256)
    except ArtefactError as error:
        return str(error)
    return None


def _as_dict(status: Status, findings: Iterable[Finding]) -> dict[str, Any]:
    known, redis = status.database, status.redis
    return {
        "version": VERSION,
        "at": status.now,
        "stores": {
            "postgresql": asdict(known.server) if known else {"trouble": status.trouble.get("postgresql")},
            "redis": {**(asdict(redis.server) if redis.server else {}), "is_safe": redis.is_safe}
            if redis
            else {"trouble": status.trouble.get("redis")},
        },
        "phase": _phase(known) if known else None,
        "lists": {phase.value: _lists(redis.published.get(phase), status.now) for phase in Phase} if redis else None,
        "runs": {job.value: _runs(runs) for job, runs in known.jobs.items()} if known else None,
        "services": [dict(service) for service in known.services] if known else None,
        "models": _models(known, status) if known else None,
        "readiness": known.readiness if known else None,
        "kept": known.housekeeping if known else None,
        "taken_down": known.takedowns if known else None,
        "attention": [as_dict(finding) for finding in findings],
    }


def _phase(known: FromDatabase) -> dict[str, Any]:
    changed = known.changed
    return {
        "phase": known.phase.phase,
        "rollout_percent": known.phase.rollout_percent,
        "version": known.phase.version,
        "changed_at": changed["changed_at"] if changed else None,
        "changed_by": changed["changed_by"] if changed else None,
    }


def _lists(publication: Publication | None, now: datetime) -> dict[str, Any] | None:
    if publication is None:
        return None
    age = round((now - publication.at).total_seconds(), 1)
    return {"published_at": publication.at, "age_seconds": age, "lists": publication.lists, "bytes": publication.bytes}


def _runs(runs: JobRuns) -> dict[str, Any]:
    good = next(iter(runs.good), None)
    named = {"running": runs.running, "waiting": runs.waiting, "last": runs.ended, "last_good": good}
    return {name: dict(run) if run is not None else None for name, run in named.items()}


def _models(known: FromDatabase, status: Status) -> dict[str, Any]:
    def figures(model: ModelVersion | None) -> dict[str, Any] | None:
        if model is None:
            return None
        names = ("version", "state", "verdict", "created_at", "folder")
        return {name: getattr(model, name) for name in names}

    return {
        "champion": figures(known.champion),
        "demotion": asdict(known.demotion) if known.demotion else None,
        "newest": figures(known.newest),
        "champions_files": status.champions_files,
    }
