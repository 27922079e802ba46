"""A job's process that is asked to end: after its run, now, or before it has begun; and one that stands still."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.db.engine import Database
from shared.db.runs import recent_runs
from tests.stores import claimed_run

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
SERVICE = """
import sys, threading
from datetime import timedelta
from shared.db.engine import Database
from shared.logs import start_logging
from shared.jobs.scheduler import ScheduledJob, run_once, serve
from shared.jobs.triggers import every
from shared.settings import StoreSettings, load_settings
from shared.jobs.stopping import exit_code_of

def work(run):
    print("working", flush=True)
    threading.Event().wait(60)

def main():
    start_logging()
    database, job = Database(load_settings(StoreSettings)), ScheduledJob(name="train", work=work)
    if sys.argv[1] == "once":
        run_once(database, job, by="--once")
    else:
        serve(database, job, every(timedelta(hours=1)), service="s02_train_neucf")
    return 0

sys.exit(exit_code_of(main))
"""


# It waits where no signal and no other thread could reach it: for a lock, with signals blocked.
STUCK = """
import os, signal, sys, threading
from datetime import timedelta
from shared.db.engine import Database
from shared.logs import start_logging
from shared.jobs.scheduler import ScheduledJob, run_once, serve
from shared.jobs.triggers import every
from shared.settings import StoreSettings, load_settings

def work(run):
    run.progress.report("loading", 3, 7)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

start_logging()
job = ScheduledJob(name="train", work=work, stalled_after=timedelta(seconds=1))
database = Database(load_settings(StoreSettings))
if sys.argv[1] == "once":
    run_once(database, job, by="--once")
else:
    serve(database, job, every(timedelta(hours=1)), service="s02_train_neucf")
"""


def start(arguments: list[str], folder: Path, **variables: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, cwd=folder, stdout=pipe, stderr=pipe, text=True
    )


def addresses(database: Database) -> dict[str, str]:
    url = database.own.engine.url.render_as_string(hide_password=False)
    return {"WARMLINE_DATABASE_URL": url, "WARMLINE_REDIS_URL": "redis://127.0.0.1:1"}


def start_job(mode: str, database: Database, folder: Path) -> "subprocess.Popen[str]":
    """A job that works for a minute, once it does."""
    process = start(["-c", SERVICE, mode], folder, **addresses(database))
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


def test_a_service_says_that_it_ends_after_its_run_and_a_second_signal_ends_it_now(
    database: Database, tmp_path: Path
) -> None:
    with start_job("serve", database, tmp_path) as process:
        assert process.stderr is not None
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        line = next(line for line in process.stderr if "train.stopping" in line)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    (row,) = recent_runs(database)
    assert "a second signal ends it now" in line
    assert (process.returncode, "Traceback" in said, time.monotonic() - begun < PATIENCE) == (130, False, True)
    assert (row["state"], row["error"]) == ("failed", "stopped by a signal")


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_single_run_that_a_signal_ends_is_on_record_as_failed(
    database: Database, tmp_path: Path, name: signal.Signals
) -> None:
    with start_job("once", database, tmp_path) as process:
        process.send_signal(name)
        _, said = process.communicate(timeout=PATIENCE)
    (row,) = recent_runs(database)
    assert (process.returncode, "Traceback" in said, row["state"]) == (130, False, "failed")


@pytest.mark.parametrize("mode", ["once", "serve"])
def test_a_run_that_stands_still_fails_and_its_process_ends_so_that_the_next_one_runs(
    database: Database, tmp_path: Path, mode: str
) -> None:
    with start(["-c", STUCK, mode], tmp_path, **addresses(database)) as process:
        try:
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    (row,) = recent_runs(database)
    assert (process.returncode, row["state"], row["progress"]["step"]) == (1, "failed", "loading")
    assert "in step loading, at 3 of 7: given up" in row["error"]
    assert "train.failed" in said
    assert claimed_run(database, "train").fence > row["fence"]


@pytest.mark.parametrize(
    ("process", "imported"),
    [
        ("s01_heuristic", "sqlalchemy"),
        ("s02_train_neucf", "torch"),
        ("s02_recsys_neucf", "torch"),
        ("timeline", "fastapi"),
    ],
)
def test_ctrl_c_while_a_process_imports_ends_it_in_a_word(tmp_path: Path, process: str, imported: str) -> None:
    interrupts = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / f"{imported}.py").write_text(interrupts)
    stores = {"WARMLINE_DATABASE_URL": "postgresql://nobody@localhost/none", "WARMLINE_REDIS_URL": "redis://localhost"}
    with start(["-m", process], tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}", **stores) as started:
        _, said = started.communicate(timeout=PATIENCE)
    assert (started.returncode, said) == (130, "stopped\n")
