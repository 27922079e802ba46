"""What the last run of each job and the files of the promoted models mean, and what to do about them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.db.models import CHAMPION, PREVIOUS, ModelVersion
from shared.errors import ArtefactError
from shared.jobs.names import LATE, SERVICES, Job
from shared.neucf.model_files import (
    MANIFEST,
    WEIGHTS,
    check_other_files,
    hash_of,
    parse_manifest,
    read_manifest_bytes,
    refuse_other_file,
    refuse_other_manifest,
)
from shared.neucf.model_folder import FirstModel, shortage
from warmline.findings import Finding, good, hint, problem
from warmline.screen import age

WAITS_TOO_LONG = timedelta(minutes=10)
FILES = (MANIFEST, WEIGHTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestRun:
    """The newest run of a job, and when one last ended well."""

    state: str
    error: str
    asked_at: datetime
    done_at: datetime | None


def judge_runs(
    last: Mapping[Job, NewestRun | None], *, now: datetime, keep_for: timedelta, has_champion: bool
) -> list[Finding]:
    """Runs that failed, wait, or did not take place.

    Args:
        last: of each job.
        now: as PostgreSQL has it.
        keep_for: how long lists live; when the heuristic has not run for so long, there are none.
        has_champion: whether a model is served, which wants lists of its own.
    """
    found = _judge_run(Job.HEURISTIC, last[Job.HEURISTIC], now=now, lost_after=keep_for)
    others = [job for job in Job if job is not Job.HEURISTIC]
    wanted = [job for job in others if last[job] is not None or (job is Job.SCORE and has_champion)]
    for job in wanted:
        found += _judge_run(job, last[job], now=now, lost_after=None)
    return found


def _judge_run(job: Job, run: NewestRun | None, *, now: datetime, lost_after: timedelta | None) -> list[Finding]:
    where = f"job {job}"
    start = f"start `python -m {SERVICES[job]}`, or let cron do `python -m {SERVICES[job]} --once`"
    if run is None:
        return [hint(where, "it has never run", expected="a run now and then", todo=start)]
    if run.state == "failed":
        judged = problem if job is Job.HEURISTIC else hint
        todo = f"see to what it says, then `warmline run {job}`; until a run ends well the old lists stay"
        return [judged(where, f"its last run failed: {run.error}", expected="a run that ends well", todo=todo)]
    if run.state == "requested" and now - run.asked_at > WAITS_TOO_LONG:
        got = f"a run waits for {age(now - run.asked_at)}, and no service takes it"
        return [hint(where, got, expected="a service that is alive", todo=start)]
    silent = now - (run.done_at or run.asked_at)
    if lost_after is not None and silent > lost_after:
        got = f"no run ended well for {age(silent)}: lists live for {age(lost_after)}, so none are left"
        return [problem(where, got, expected="a run every few minutes", todo=start)]
    if silent > LATE[job]:
        return [hint(where, f"no run ended well for {age(silent)}", expected="a newer one", todo=start)]
    return [good(where, f"it ended well {age(silent)} ago" if run.done_at else "its first run is under way")]


def judge_models(models: Sequence[ModelVersion], model_dir: Path) -> list[Finding]:
    """Whether the files of the champion and of its predecessor are there and whole."""
    promoted = [model for model in models if model.alias]
    if not promoted:
        return []
    if not model_dir.is_dir():
        got = f"this machine has no folder {model_dir}, so the files of the promoted models were not looked at"
        todo = "set WARMLINE_MODEL_DIR to the folder that training writes to, and mount it here too"
        return [hint("models", got, expected="the folder of the models", todo=todo)]
    faults = [(model, fault) for model in promoted if (fault := _fault(model, model_dir / model.folder))]
    damaged = {model.version for model, _ in faults}
    has_way_back = any(model.alias == PREVIOUS and model.version not in damaged for model in promoted)
    found = [_missing_files(model, fault, has_way_back=has_way_back) for model, fault in faults]
    return found or [good("models", "the files of the promoted models are whole")]


def judge_folder(model_dir: Path, first_model: FirstModel) -> list[Finding]:
    """Whether the next model could be saved, where the folder is at hand; training tries it in its first second."""
    if not model_dir.is_dir():
        return []
    where = "WARMLINE_MODEL_DIR"
    if not os.access(model_dir, os.W_OK | os.X_OK):
        todo = (
            "in order where only training may write it; else give its user the folder (chown), and mount it without :ro"
        )
        return [hint(where, f"{model_dir} may not be written by this user", expected="a folder to write", todo=todo)]
    short = shortage(model_dir, first_model)
    return (
        [problem(where, short, expected="room for one more model", todo="no training starts before")] if short else []
    )


def judge_own_rights(missing: Sequence[str]) -> list[Finding]:
    """Whether our role may write what the jobs of phase 2 write."""
    return [
        problem(
            "schema warmline", got, expected="the rights that jobs need", todo="no training or scoring starts before"
        )
        for got in missing
    ]


def _missing_files(model: ModelVersion, fault: str, *, has_way_back: bool) -> Finding:
    where, got, expected = f"model {model.version}", f"{model.alias}: {fault}", "the files that training wrote"
    if model.alias != CHAMPION:
        todo = "copy the folder back; pages do not need it, but until then `warmline rollback` is refused"
        return hint(where, got, expected=expected, todo=todo)
    way_back = "`warmline rollback`, or " if has_way_back else ""
    todo = f"copy the folder back, or {way_back}train anew; until then the old lists stay and grow old"
    return problem(where, got, expected=expected, todo=todo)


def _fault(model: ModelVersion, folder: Path) -> str:
    """What is wrong with a model's files; empty where nothing is."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        return f"{folder} lacks {' and '.join(missing)}"
    try:
        manifest = read_manifest_bytes(folder)
        refuse_other_manifest(folder, manifest, model.manifest_sha256)
        refuse_other_file(folder / WEIGHTS, hash_of(folder / WEIGHTS), model.sha256)
        check_other_files(folder, parse_manifest(manifest))
    except ArtefactError as error:
        return str(error)
    return ""
