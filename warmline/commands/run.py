"""`warmline run`: requests a run from the service that does the job, and waits for its report."""

import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from shared.db.engine import Database
from shared.db.requests import withdraw_request
from shared.db.runs import current_run, live_services, refuse_if_running, request_run, run_state
from shared.errors import RunRefused
from shared.jobs.names import SERVICES, Job
from warmline.run_rows import progress_text
from warmline.screen import progress_bar, say, show_json, warn
from warmline.stores import open_stores

POLL_SECONDS = 0.5
SHOWN = ("id", "job", "state", "report", "error", "progress", "started_at", "finished_at")


def run_job(job: Job, *, wait: bool, as_json: bool) -> int:
    """Request a run; returns 0 if it was good (without waiting: if it was requested), 1 if it failed."""
    by = f"warmline run ({socket.gethostname()}:{os.getpid()})"
    with open_stores() as stores:
        refuse_if_running(stores.database, job)
        _refuse_if_dead(stores.database, job)
        run_id = request_run(stores.database, job, by=by)
        row = _wait(stores.database, job, run_id, by=by) if wait else _row(stores.database, run_id)
    if as_json:
        show_json({name: row[name] for name in SHOWN})
    else:
        _show(row)
    return int(row["state"] == "failed")


def _refuse_if_dead(database: Database, job: Job) -> None:
    """Raises RunRefused if no service does this job: the request would wait until one starts."""
    service = SERVICES[job]
    if any(row["service"] == service for row in live_services(database)):
        return
    raise RunRefused(
        f"{job}: no {service} is alive, so nothing was asked for;"
        f" start it, or do one run here: python -m {service} --once"
    )


def _wait(database: Database, job: Job, run_id: int, *, by: str) -> dict[str, Any]:
    """Poll until the run has ended; its lease limits how long a dead worker is waited for.

    Raises:
        RunRefused: the service died before it claimed the request (which is withdrawn), or during the run.
    """
    with progress_bar(f"{job}: run {run_id}") as progress:
        task = progress.add_task("requested", total=None)
        while True:
            row = _row(database, run_id)
            far = row["progress"] or {}
            percent = {"total": 100, "completed": far["percent"]} if far else {}
            progress.update(task, description=f"{row['state']}{progress_text(row)}", **percent)
            if row["state"] in ("done", "failed"):
                return row
            if row["state"] == "requested":
                try:
                    _refuse_if_dead(database, job)
                except RunRefused:
                    withdraw_request(database, run_id, by=by)
                    raise
            elif current_run(database, job) is None and _row(database, run_id)["state"] == "running":
                raise RunRefused(f"run {run_id} of {job}: {row['worker']} gives no sign of life any more; see its log")
            time.sleep(POLL_SECONDS)


def _row(database: Database, run_id: int) -> dict[str, Any]:
    row = run_state(database, run_id)
    if row is None:
        raise RunRefused(f"run {run_id}: is not there any more; somebody took the request back")
    return dict(row)


def _show(row: dict[str, Any]) -> None:
    if row["finished_at"] is None:
        say(f"Run {row['id']} of {row['job']} is asked for.")
        return
    seconds = (row["finished_at"] - row["started_at"]).total_seconds()
    if row["state"] == "failed":
        warn(f"Run {row['id']} of {row['job']} failed after {seconds:.1f} s{progress_text(row)}: {row['error']}")
        return
    report: dict[str, Any] = row["report"] or {}
    say(f"Run {row['id']} of {row['job']} is done after {seconds:.1f} s: {_facts(report)}")
    for name, value in report.items():
        if isinstance(value, dict) and value:
            say(f"  {_words(name)}: {_facts(value)}")


def _facts(report: Mapping[str, Any]) -> str:
    """The plain values of a report; nested ones get a line of their own."""
    plain = {name: value for name, value in report.items() if not isinstance(value, dict | list)}
    return ", ".join(f"{_words(name)} {_value(value)}" for name, value in plain.items())


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return f"{value:,}" if isinstance(value, int | float) else str(value)
