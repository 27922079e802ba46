"""Runs a service from command line to exit code: the common part of the three jobs' services.

Imports are inside the functions, so that Ctrl-C ends the process without a traceback even while it imports.
"""

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.jobs.stopping import exit_code_of

if TYPE_CHECKING:
    from threading import Event

    from apscheduler.triggers.base import BaseTrigger

    from shared.db.engine import Database
    from shared.db.runs import Run
    from shared.run_progress import Progress
    from shared.settings import StoreSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service does."""

    job: str
    trigger: "BaseTrigger"  # when a run is due
    work: "Callable[[Database, Run, datetime], Mapping[str, Any]]"  # does one run (of a given time); returns its report
    beside: "Callable[[Event], None] | None" = None  # runs in a thread of its own until the event, beside the runs
    bar: "AbstractContextManager[Callable[[Progress], None] | None]" = field(default_factory=nullcontext)


def run_service(
    name: str, prepare: "Callable[[StoreSettings], Service]", *, about: str | None, arguments: list[str] | None
) -> int:
    """Run a service, or one pass with `--once`; returns the exit code.

    Args:
        name: of the service, such as `s01_heuristic`.
        prepare: reads the service's settings.
        about: the text of `--help`.
        arguments: of the command line; None: this process's own.
    """
    parser = argparse.ArgumentParser(prog=name, description=about)
    parser.add_argument("--once", action="store_true", help="do one run and exit: 0 when it was good, 1 when not")
    once = parser.parse_args(arguments).once
    return exit_code_of(lambda: _run(name, prepare, once=once))


def _run(name: str, prepare: "Callable[[StoreSettings], Service]", *, once: bool) -> int:
    from shared.db.engine import Database
    from shared.db.migrate import check_migrated
    from shared.jobs.scheduler import ScheduledJob, run_once, serve
    from shared.logs import start_logging
    from shared.settings import RunSettings, StoreSettings, load_settings

    start_logging()
    stores = load_settings(StoreSettings)
    service = prepare(stores)
    database = Database(stores)
    with service.bar as show:
        job = ScheduledJob(
            name=service.job,
            work=lambda run: service.work(database, run, datetime.now(UTC)),
            show=show,
            stalled_after=load_settings(RunSettings).stalled_after,
        )
        if once:
            check_migrated(database)
            run_once(database, job, by="--once")
        else:
            serve(database, job, service.trigger, service=name, beside=service.beside)
    return 0
