"""Phase 2: trains a model (or uses that of an earlier start), promotes it and scores, like an operator."""

import sys
import time
from collections.abc import Sequence

from rich.console import Console

from demo import database
from demo.client import Model
from demo.context import DemoContext
from demo.errors import ServiceFailed
from demo.services import ALIVE_SECONDS, PHASE2_SERVICES, run_step

TRAIN = "train"  # the job, as `warmline.runs` names it
TRAIN_STEP = "s02_train_neucf-once"
TRAIN_SECONDS = 3600.0  # about a minute on two idle cores
SCORE_SECONDS = 300.0  # some seconds; longer when a run that was cut off still holds its lease
POLL_SECONDS = 0.3


def known_model(models: Sequence[Model]) -> Model | None:
    """The model of an earlier start: the champion, or the newest if the demo ended before promoting one."""
    return next((model for model in models if model.is_champion), next(iter(models), None))


def train(context: DemoContext) -> tuple[Model, str]:
    """Encode what is new, train and evaluate; returns the model, which may be rejected, and what was encoded, in words.

    Raises:
        ServiceFailed: there is no model.
    """
    wait_for_old_lease(context.console, context.addresses.database_url, TRAIN)
    on_screen = sys.stderr.isatty()  # then it draws its own progress bars
    try:
        run_step(
            context.running.process_environment,
            TRAIN_STEP,
            ["-m", "s02_train_neucf", "--once"],
            show=on_screen,
            seconds=TRAIN_SECONDS,
        )
    finally:
        context.console.show_cursor()  # hidden by bars that were cut off
    models = context.client.models()
    if not models:
        raise ServiceFailed("s02_train_neucf: ended well, but put no model on record")
    run = next(run for run in context.client.runs() if run["job"] == TRAIN)
    return models[0], f"{run['report']['captions']:,} captions and {run['report']['images']:,} photos encoded"


def score(context: DemoContext, model: Model) -> str:
    """Promote the model, even if the gate rejected it, and make its lists; returns how many, in words.

    Raises:
        ServiceFailed: the scoring run failed.
    """
    if "s02_recsys_neucf" not in context.running.processes:
        context.running.start(["s02_recsys_neucf"])
    run_id = context.client.promote(model.version, override=not model.accepted)
    deadline = time.monotonic() + SCORE_SECONDS
    with context.console.status("Scoring every user's posts with the model"):
        while time.monotonic() < deadline:
            context.running.refuse_exited()
            run = next((run for run in context.client.runs() if run["id"] == run_id), None)
            if run is not None and run["state"] == "failed":
                raise ServiceFailed(f"s02_recsys_neucf: {run['error']}")
            if run is not None and run["state"] == "done":
                partial = " who were active since the last run" if run["report"].get("partial") else ""
                return f"ranked lists of {run['report'].get('lists', 0):,} users{partial}"
            time.sleep(POLL_SECONDS)
    raise ServiceFailed(f"s02_recsys_neucf: not done in {SCORE_SECONDS:.0f} s")


def start_missing_services(context: DemoContext) -> None:
    """Start the missing services of phase 2, and wait until all services are alive.

    Raises:
        ServiceFailed: one ended, or sends no heartbeat.
    """
    context.running.start([name for name in PHASE2_SERVICES if name not in context.running.processes])
    deadline = time.monotonic() + ALIVE_SECONDS
    with context.console.status("Waiting for all services' sign of life"):
        while silent := context.running.without_heartbeat(context.client.live_workers()):
            context.running.refuse_exited()
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{', '.join(silent)}: no sign of life in {ALIVE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)


def wait_for_old_lease(console: Console, database_url: str, job: str) -> None:
    """Wait until the lease of a run that an earlier start left unfinished has expired: a minute at most."""
    left = database.lease_left(database_url, job)
    if left > 0:
        with console.status(f"A {job} run was cut off; it counts as under way for another {left:.0f} s"):
            time.sleep(left + 1)
