"""OWNS APSCHEDULER: runs a job once, or as a service on an interval or cron schedule; never two runs at a time.

The schedule only *requests* a run, as a row in PostgreSQL; the service's loop claims the row and does the work. So runs
requested by an operator, by cron with `--once` and by the schedule all work in the same way.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from shared.db.engine import Database
from shared.db.runs import (
    LEASE,
    Run,
    claim_run,
    extend_lease,
    finish_run,
    last_done,
    note_progress,
    record_heartbeat,
    refuse_if_running,
    request_run,
    worker_name,
)
from shared.domain import CLOCK_TOLERANCE
from shared.errors import LeaseLost, StoreUnavailable, WarmlineError
from shared.jobs.stall_watch import StallWatch
from shared.jobs.stopping import StopRequest
from shared.jobs.triggers import was_missed
from shared.logs import log_event, log_trouble
from shared.run_progress import Progress

POLL = timedelta(seconds=2)
LIVE_ENDS = timedelta(seconds=3)  # how long a live pass may go on after a stop; what it leaves is taken over
BEAT_EVERY = timedelta(seconds=10)
# A missed time is made up for however late it is noticed (APScheduler's own limit is a second), several by one run: a
# machine that was suspended at night is treated like a service that was down.
MISFIRE_OPTIONS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
STALLED_AFTER = timedelta(hours=3)  # the default of WARMLINE_RUN_STALLED_MINUTES
LOOK_EVERY = timedelta(seconds=0.5)  # how often the progress is read, for a bar
ROW_EVERY, LOG_EVERY = timedelta(seconds=2), timedelta(seconds=30)  # how often it is stored, and logged

Work = Callable[[Run], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job's name and its work, which returns the report that is stored with the run."""

    name: str
    work: Work
    show: Callable[[Progress], None] | None = None  # shows the progress, at a terminal
    stalled_after: timedelta = STALLED_AFTER  # without progress


def run_once(database: Database, job: ScheduledJob, *, by: str) -> Mapping[str, Any]:
    """Request a run, do it, and return its report.

    Raises:
        RunRefused: another worker's run is under way.
        WarmlineError: the work failed; the run is recorded as failed.
    """
    refuse_if_running(database, job.name)
    request_run(database, job.name, by=by)
    run = claim_run(database, job.name, worker=worker_name())
    if run is None:
        refuse_if_running(database, job.name)
        return {"left_to": "the service, which claimed the run first"}
    return _execute(database, job, run, StopRequest())


def serve(
    database: Database,
    job: ScheduledJob,
    trigger: BaseTrigger,
    *,
    service: str,
    beside: Callable[[threading.Event], None] | None = None,
) -> None:
    """Run a job as a service until SIGTERM or SIGINT; a time missed while it was down is made up for at start.

    `beside` runs in a thread of its own, beside the runs, until the event.

    Raises:
        KeyboardInterrupt: a second signal ended the current run.
    """
    request = StopRequest()
    request.listen()
    stop = request.asked
    worker = worker_name()
    send_heartbeat = _retrying(lambda: record_heartbeat(database, service, worker=worker))
    threading.Thread(target=_repeat, args=(send_heartbeat, BEAT_EVERY, stop), daemon=True).start()
    live = threading.Thread(target=beside or stop.wait, args=(stop,) if beside else (), name="live", daemon=True)
    live.start()
    schedule = Schedule(trigger, _retrying(lambda: request_run(database, job.name, by="schedule")))
    _retrying(lambda: _request_missed_run(database, job, trigger))()
    log_event(f"{job.name}.ready", worker=worker)
    try:
        while not stop.is_set():
            schedule.check_clock()
            _retrying(lambda: _claim_and_execute(database, job, worker, request))()
            stop.wait(POLL.total_seconds())
    finally:
        stop.set()
        schedule.stop()
        live.join(LIVE_ENDS.total_seconds())


class Schedule:
    """Calls a function whenever a trigger is due, however late; plans again when the clock was set back."""

    def __init__(self, trigger: BaseTrigger, action: Callable[[], object]) -> None:
        self._clock = BackgroundScheduler(timezone=UTC)
        self._planned = self._clock.add_job(action, trigger, **MISFIRE_OPTIONS)
        self._offset = _wall_clock_offset()
        self._clock.start()

    def check_clock(self) -> None:
        """Call it repeatedly: times planned before the clock was set back would be too far ahead."""
        before, self._offset = self._offset, _wall_clock_offset()
        if before - self._offset > CLOCK_TOLERANCE:  # a smaller step delays little, and could repeat a run
            self._planned.reschedule(self._planned.trigger)
            log_event("schedule.planned_anew", set_back_seconds=round((before - self._offset).total_seconds()))
        self._clock.wakeup()  # its own wait uses a clock that stops while the machine is suspended

    def stop(self) -> None:
        self._clock.shutdown(wait=False)


def _wall_clock_offset() -> timedelta:
    """The difference between the system clock, which may be set, and the monotonic clock."""
    return timedelta(seconds=time.time() - time.monotonic())


def _repeat(action: Callable[[], object], pause: timedelta, stop: threading.Event) -> None:
    action()
    while not stop.wait(pause.total_seconds()):
        action()


def _request_missed_run(database: Database, job: ScheduledJob, trigger: BaseTrigger) -> None:
    if was_missed(trigger, last=last_done(database, job.name), now=datetime.now(UTC)):
        request_run(database, job.name, by="start")


def _claim_and_execute(database: Database, job: ScheduledJob, worker: str, stop: StopRequest) -> None:
    run = claim_run(database, job.name, worker=worker)
    if run is not None:
        with suppress(WarmlineError):  # it is logged and stored with the run
            _execute(database, job, run, stop)


def _execute(database: Database, job: ScheduledJob, run: Run, stop: StopRequest) -> Mapping[str, Any]:
    ended = threading.Event()
    supervisor = threading.Thread(target=_supervise, args=(database, job, run, ended, stop), daemon=True)
    supervisor.start()
    try:
        stop.has_run = True
        report = job.work(run)
        stop.has_run = False
    except BaseException as error:  # Ctrl-C too
        stop.has_run = False
        # The row must record the failure: an unfinished run would block the next one until its lease expires.
        reason = _reason(error)
        _retrying(lambda: finish_run(database, run, error=reason))()
        log_trouble(f"{job.name}.failed", run=run.id, reason=reason)
        raise
    finally:
        ended.set()
        supervisor.join()
    if not finish_run(database, run, report=report):
        raise LeaseLost(f"run {run.id} of {job.name}: finished, but its lease had run out; another run decides")
    _show(job, run.progress.now())
    log_event(f"{job.name}.done", run=run.id, **report)
    return report


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "stopped by a signal"
    return str(error) if isinstance(error, WarmlineError) else f"{type(error).__name__}: {_first_line(error)}"


def _supervise(database: Database, job: ScheduledJob, run: Run, ended: threading.Event, stop: StopRequest) -> None:
    """Extend the run's lease and record its progress, until it has ended or is considered stalled."""
    lease, row, log = _Interval(LEASE / 4), _Interval(ROW_EVERY), _Interval(LOG_EVERY)
    watch = StallWatch(job.stalled_after)
    was_asked = False
    while not ended.wait(LOOK_EVERY.total_seconds()):
        if stop.asked.is_set() and not was_asked:
            was_asked = True
            log_event(f"{job.name}.stopping", run=run.id, note="after this run; a second signal ends it now")
        progress = run.progress.now()
        _show(job, progress)
        if watch.is_stalled(progress):
            _end_stalled_run(database, job, run, watch.reason)
        try:
            if lease.is_due():
                extend_lease(database, run)
            if row.is_due() and progress is not None:
                note_progress(database, run, progress)
        except StoreUnavailable:
            continue  # the lease is valid for some time yet
        except LeaseLost as lost:
            log_trouble("lease.lost", run=run.id, reason=lost)
            return
        if log.is_due() and progress is not None:
            log_event(f"{job.name}.progress", run=run.id, **progress.to_json())


def _end_stalled_run(database: Database, job: ScheduledJob, run: Run, reason: str) -> NoReturn:
    """End a stalled run by ending the process: a thread that waits forever cannot be ended by another thread.

    The supervisor (compose, systemd) restarts the service; if PostgreSQL does not answer, the lease expires by itself.
    """
    log_trouble(f"{job.name}.failed", run=run.id, reason=reason)
    _retrying(lambda: finish_run(database, run, error=reason))()
    os._exit(1)


def _show(job: ScheduledJob, progress: Progress | None) -> None:
    if job.show is not None and progress is not None:
        job.show(progress)


class _Interval:
    """Is due once per interval."""

    def __init__(self, every: timedelta) -> None:
        self._every = every.total_seconds()
        self._next = time.monotonic() + self._every

    def is_due(self) -> bool:
        """Whether it is due; if so, the next interval begins."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._every
        return True


def _retrying(action: Callable[[], object]) -> Callable[[], None]:
    """Wrap an action of the service's loop: if it fails, that is logged and the next turn tries again."""

    def attempt() -> None:
        try:
            action()
        except Exception as error:
            log_trouble("service.retry", reason=f"{type(error).__name__}: {_first_line(error)}")

    return attempt


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
