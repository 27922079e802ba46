"""Runs of jobs: requested by a row, claimed by one worker, held by a lease, ordered by a fencing number.

All times are PostgreSQL's, so that the machines' clocks do not matter.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shared.db.engine import Database
from shared.db.tables import SCHEMA, heartbeats, runs
from shared.errors import LeaseLost, RunRefused
from shared.run_progress import Progress, RunProgress

LEASE = timedelta(seconds=60)
IDLE = timedelta(minutes=5)  # how long a run's transaction may be idle, since it blocks a worker that would take over
ALIVE_FOR = timedelta(seconds=30)  # a service counts as alive this long after its last heartbeat
HISTORY_KEEP = 1000  # ended runs that are kept per job; older ones are deleted when a run ends
MAX_ERROR = 500  # characters of an error that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A claimed run. `fence` grows with each claim: a later run's is higher."""

    id: int
    job: str
    fence: int
    worker: str
    progress: RunProgress = field(default_factory=RunProgress, compare=False, repr=False)


def request_run(database: Database, job: str, *, by: str) -> int:
    """Request a run and return its id; if one is already requested, that one's."""
    with database.begin() as connection:
        return request_run_in(connection, job, by=by)


def request_run_in(connection: sa.Connection, job: str, *, by: str) -> int:
    """The same inside a transaction of the caller."""
    waiting = sa.select(runs.c.id).where(runs.c.job == job, runs.c.state == "requested")
    known = connection.scalar(waiting)
    if known is not None:
        return int(known)
    request = sa.dialects.postgresql.insert(runs).values(job=job, requested_by=by).on_conflict_do_nothing()
    fresh = connection.scalar(request.returning(runs.c.id))
    return int(fresh if fresh is not None else connection.scalar(waiting) or 0)


def claim_run(database: Database, job: str, *, worker: str) -> Run | None:
    """Claim the requested run of a job; None if there is none, or another worker holds a live lease."""
    expired = (runs.c.job == job) & (runs.c.state == "running") & (runs.c.lease_until < sa.func.now())
    lost = "the worker stopped without a word (its lease ran out)"
    try:
        with database.begin() as connection:
            # A worker whose lease is over may be in the middle of a write (`hold_lease`): wait for its end, then check.
            connection.execute(sa.select(runs.c.id).where(expired).with_for_update())
            connection.execute(
                runs.update().where(expired).values(state="failed", error=lost, finished_at=sa.func.now())
            )
            wanted = sa.select(runs.c.id).where(runs.c.job == job, runs.c.state == "requested")
            run_id = connection.scalar(wanted.with_for_update(skip_locked=True))
            if run_id is None:
                return None
            fence = connection.scalar(sa.text(f"SELECT nextval('{SCHEMA}.fences')"))
            now = sa.func.now()
            connection.execute(
                runs.update()
                .where(runs.c.id == run_id)
                .values(state="running", worker=worker, fence=fence, started_at=now, lease_until=now + LEASE)
            )
            return Run(id=run_id, job=job, fence=int(fence or 0), worker=worker)
    except IntegrityError:  # runs_one_running: another worker's run is under way
        return None


def extend_lease(database: Database, run: Run) -> None:
    """Extend the lease of a run.

    Raises:
        LeaseLost: the lease was over; another run may be under way.
    """
    with database.begin() as connection:
        extend_lease_in(connection, run)


def extend_lease_in(connection: sa.Connection, run: Run) -> None:
    """The same in a transaction that does more: nobody takes the run over right after it."""
    until = sa.func.clock_timestamp() + LEASE
    held = connection.execute(runs.update().where(_is_held(run)).values(lease_until=until))
    if held.rowcount != 1:
        raise _lost(run)


def for_run(database: Database, run: Run) -> Database:
    """The database for a run: each transaction is either wholly within its lease, or raises LeaseLost."""
    return database.checked_by(partial(hold_lease, run=run))


def hold_lease(connection: sa.Connection, run: Run) -> None:
    """Begin a transaction of a run: no worker can take the run over before the transaction ends.

    The lock still allows to extend the lease. A worker that stops in the middle loses its connection, and with it the
    transaction.

    Raises:
        LeaseLost: another worker has taken it over.
    """
    bound = sa.func.set_config("idle_in_transaction_session_timeout", f"{IDLE.total_seconds():.0f}s", sa.true())
    own_run = sa.select(runs.c.id, bound).where(_is_held(run)).with_for_update(read=True, key_share=True)
    if connection.execute(own_run).one_or_none() is None:
        raise _lost(run)


def newest_fence(database: Database) -> int:
    """The last fencing number that was assigned."""
    with database.begin() as connection:
        return int(connection.scalar(sa.text(f"SELECT last_value FROM {SCHEMA}.fences")) or 0)


def note_progress(database: Database, run: Run, progress: Progress) -> None:
    """Record the progress of a run; does nothing if this worker no longer holds it."""
    with database.begin() as connection:
        connection.execute(runs.update().where(_is_held(run)).values(progress=progress.to_json()))


def finish_run(
    database: Database, run: Run, *, report: Mapping[str, Any] | None = None, error: str | None = None
) -> bool:
    """End a run as done, or as failed with the reason; returns False if this worker no longer held it.

    The row of a failed run keeps its last progress.
    """
    values = {"state": "done" if error is None else "failed", "finished_at": sa.func.now(), "lease_until": None}
    if error is None:
        run.progress.end()
    progress = run.progress.now()
    with database.begin() as connection:
        ended = connection.execute(
            runs.update()
            .where(_is_held(run))
            .values(
                **values,
                report=dict(report or {}),
                error=None if error is None else error[:MAX_ERROR],
                progress=None if progress is None else progress.to_json(),
            )
        )
        old = sa.select(runs.c.id).where(runs.c.job == run.job).order_by(runs.c.id.desc()).offset(HISTORY_KEEP)
        # When a demoted model's lists were withdrawn is read as long as there are likes of then (`bulk_served`).
        is_told = sa.func.coalesce(runs.c.report["withdrawn"].as_integer(), 0) > 0
        connection.execute(runs.delete().where(runs.c.id.in_(old), runs.c.state.in_(["done", "failed"]), ~is_told))
    return ended.rowcount == 1


def current_run(database: Database, job: str) -> sa.RowMapping | None:
    """The run under way with a live lease, if any."""
    alive = (runs.c.state == "running") & (runs.c.lease_until >= sa.func.now())
    with database.begin() as connection:
        return connection.execute(sa.select(runs).where(runs.c.job == job, alive)).mappings().one_or_none()


def refuse_if_running(database: Database, job: str) -> None:
    """Raise RunRefused if a run is under way; the error names it."""
    under_way = current_run(database, job)
    if under_way is not None:
        raise RunRefused(
            f"run {under_way['id']} of {job} is under way on {under_way['worker']}"
            f" since {under_way['started_at']:%H:%M:%S} UTC; nothing was started"
        )


def last_done(database: Database, job: str) -> datetime | None:
    """When the last good run of a job was requested; a time ahead of now, from a wrong clock, does not count."""
    with database.begin() as connection:
        is_past = runs.c.requested_at <= sa.func.now()
        done = sa.select(sa.func.max(runs.c.requested_at)).where(runs.c.job == job, runs.c.state == "done", is_past)
        at: datetime | None = connection.scalar(done)
        return at


def last_fence(database: Database, job: str) -> int | None:
    """The fencing number of a job's newest good run, if there is one."""
    newest = sa.select(runs.c.fence).where(runs.c.job == job, runs.c.state == "done")
    with database.begin() as connection:
        fence = connection.scalar(newest.order_by(runs.c.id.desc()).limit(1))
        return None if fence is None else int(fence)


def last_report(database: Database, job: str) -> sa.RowMapping | None:
    """`report` and `finished_at` of a job's newest good run, if there is one."""
    newest = sa.select(runs.c.report, runs.c.finished_at).where(runs.c.job == job, runs.c.state == "done")
    with database.begin() as connection:
        return connection.execute(newest.order_by(runs.c.id.desc()).limit(1)).mappings().one_or_none()


def run_state(database: Database, run_id: int) -> sa.RowMapping | None:
    """One run's row."""
    with database.begin() as connection:
        return connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one_or_none()


def recent_runs(database: Database, *, limit: int = 20, job: str | None = None) -> list[sa.RowMapping]:
    """The newest runs, newest first."""
    wanted = sa.select(runs).order_by(runs.c.id.desc()).limit(limit)
    if job is not None:
        wanted = wanted.where(runs.c.job == job)
    with database.begin() as connection:
        return list(connection.execute(wanted).mappings().all())


def record_heartbeat(database: Database, service: str, *, worker: str) -> None:
    """Record that a service is alive; delete workers without a heartbeat for a day."""
    insert = sa.dialects.postgresql.insert(heartbeats).values(service=service, worker=worker)
    with database.begin() as connection:
        connection.execute(
            insert.on_conflict_do_update(index_elements=["service", "worker"], set_={"seen_at": sa.func.now()})
        )
        is_silent = heartbeats.c.seen_at < sa.func.now() - timedelta(days=1)
        connection.execute(heartbeats.delete().where(is_silent))


def worker_name() -> str:
    """The name of this process in the rows of runs."""
    return f"{socket.gethostname()}:{os.getpid()}"


def live_services(database: Database) -> list[sa.RowMapping]:
    """The services with a recent heartbeat."""
    fresh = heartbeats.c.seen_at >= sa.func.now() - ALIVE_FOR
    with database.begin() as connection:
        return list(connection.execute(sa.select(heartbeats).where(fresh)).mappings().all())


def _lost(run: Run) -> LeaseLost:
    return LeaseLost(f"run {run.id} of {run.job}: its lease ran out and another run took over; this worker stops")


def _is_held(run: Run) -> sa.ColumnElement[bool]:
    return (runs.c.id == run.id) & (runs.c.state == "running") & (runs.c.fence == run.fence)
