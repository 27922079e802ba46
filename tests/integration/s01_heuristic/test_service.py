"""`python -m s01_heuristic`: one run with `--once`, its exit codes; and the service that stays."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from s01_heuristic.__main__ import main
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.runs import live_services, recent_runs, request_run, run_state
from tests.stores import claimed_run, empty_database, execute, store_settings
from tests.worlds import TEN_POSTS, write_own_tables

ROOT = Path(__file__).parents[3]
PATIENCE = 20.0  # seconds; a run is claimed within two


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("warmline")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def configured(
    database: Database, fresh_redis: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WARMLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WARMLINE_DATABASE_URL", database.own.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("WARMLINE_REDIS_URL", fresh_redis)
    return monkeypatch


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line on standard error, below the log's."""
    return capsys.readouterr().err.strip().rpartition("\n")[2]


# --- once -------------------------------------------------------------------------------------------------------------


def test_one_run_exits_with_0(configured: pytest.MonkeyPatch, database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    assert main(["--once"]) == 0


def test_one_run_leaves_a_row_that_says_who_asked(configured: pytest.MonkeyPatch, database: Database) -> None:
    main(["--once"])
    (row,) = recent_runs(database)
    assert (row["state"], row["requested_by"]) == ("done", "--once")


def test_one_run_logs_each_stage_once(
    configured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database: Database
) -> None:
    main(["--once"])
    words = [line.split()[2] for line in capsys.readouterr().err.splitlines()]
    stages = ["load", "rank", "publish", "housekeeping", "done"]
    assert words == [f"heuristic.{stage}" for stage in stages]


def test_a_run_that_is_refused_exits_with_1_and_says_why(
    configured: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database: Database
) -> None:
    claimed_run(database, worker="other:1")
    assert (main(["--once"]), "is under way on other:1" in _said(capsys)) == (1, True)


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:1", 1, "Redis at 127.0.0.1:1 does not answer"),
        ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d", 1, "PostgreSQL at 127.0.0.1:1/d does not answer"),
        ("SOURCE_SCHEMA", "nowhere", 1, "nowhere.users: got no such relation, expected a table or view"),
        ("ALPHA", "2", 2, "WARMLINE_ALPHA: got '2', expected"),
        ("DATABASE_URL", "", 2, "WARMLINE_DATABASE_URL: not set, expected a value"),
        ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:port/d", 2, "WARMLINE_DATABASE_URL: got a value that is"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:port", 2, "WARMLINE_REDIS_URL: got a value that is not shown"),
    ],
)
def test_what_is_wrong_is_said_in_plain_lines_with_the_exit_code(
    name: str,
    value: str,
    code: int,
    said: str,
    configured: pytest.MonkeyPatch,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured.setenv(f"WARMLINE_{name}", value)
    got = main(["--once"])
    err = capsys.readouterr().err
    assert (got, said in err, "Traceback" in err, "hunter2" in err) == (code, True, False, False)


def test_a_database_that_was_not_migrated_says_what_to_run(
    configured: pytest.MonkeyPatch, fresh_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.setenv("WARMLINE_DATABASE_URL", fresh_database_url)
    assert (main(["--once"]), "run `warmline migrate`" in _said(capsys)) == (1, True)


# --- the service ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that runs as a process of its own, and its database."""

    process: "subprocess.Popen[bytes]"
    database: Database

    def done(self, run_id: int) -> bool:
        """Wait for a run to be done."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            row = run_state(self.database, run_id)
            if row is not None and row["state"] == "done":
                return True
            time.sleep(0.05)
        return False


@pytest.fixture(scope="module")
def service(server_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with empty_database(server_url) as url:
        database = Database(store_settings(url))
        migrate(database)
        write_own_tables(database, TEN_POSTS)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
        environment |= {"WARMLINE_DATABASE_URL": url, "WARMLINE_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "s01_heuristic"]
        folder = tmp_path_factory.mktemp("service")
        with subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL) as process:
            yield Service(process=process, database=database)
            if process.poll() is None:
                process.kill()
        database.close()


def test_the_service_makes_up_for_the_run_that_was_missed_while_it_was_down(service: Service) -> None:
    end = time.monotonic() + PATIENCE
    while not recent_runs(service.database) and time.monotonic() < end:
        time.sleep(0.05)
    (row,) = recent_runs(service.database)
    assert (row["requested_by"], service.done(row["id"])) == ("start", True)


def test_the_service_does_a_run_that_somebody_asks_for(service: Service) -> None:
    assert service.done(request_run(service.database, "heuristic", by="operator"))


def test_the_service_says_that_it_is_alive(service: Service) -> None:
    assert [row["service"] for row in live_services(service.database)] == ["s01_heuristic"]


def test_the_service_goes_on_after_a_failed_run(service: Service) -> None:
    execute(service.database, "ALTER TABLE warmline.posts RENAME TO away")
    failed = request_run(service.database, "heuristic", by="operator")
    end = time.monotonic() + PATIENCE
    while (row := run_state(service.database, failed)) and row["state"] != "failed" and time.monotonic() < end:
        time.sleep(0.05)
    execute(service.database, "ALTER TABLE warmline.away RENAME TO posts")
    assert (row is not None and row["state"], service.done(request_run(service.database, "heuristic", by="x"))) == (
        "failed",
        True,
    )


def test_the_service_ends_well_when_it_is_asked_to(service: Service) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=PATIENCE) == 0
