"""`warmline run` on real servers: with a service, without one, and with one that dies."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.db import runs
from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, record_heartbeat
from tests.integration.warmline.answers import Command
from tests.stores import claimed_run, execute, scalar


@contextmanager
def service(database: Database, *, report: dict[str, Any] | None = None, error: str | None = None) -> Iterator[None]:
    """A heuristic service that does the first run it is asked for, with this outcome."""
    record_heartbeat(database, "s01_heuristic", worker="test")

    def work() -> None:
        for _ in range(200):
            run = claim_run(database, "heuristic", worker="test")
            if run is not None:
                finish_run(database, run, report=report, error=error)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


def test_a_good_run_shows_its_report(warmline: Command, database: Database) -> None:
    with service(database, report={"lists": 1234}):
        answer = warmline("run", "heuristic")
    assert answer.code == 0
    assert "lists 1,234" in answer.out


def test_what_a_report_counts_by_name_is_shown_in_words(warmline: Command, database: Database) -> None:
    with service(database, report={"promoted": True, "amounts": {"warm_users": 1234}}):
        answer = warmline("run", "heuristic")
    assert "promoted yes\n  amounts: warm users 1,234\n" in answer.out
    assert "{" not in answer.out


def test_a_failed_run_gives_1_and_its_reason(warmline: Command, database: Database) -> None:
    with service(database, error="posts: got 0 rows"):
        answer = warmline("run", "heuristic")
    assert answer.code == 1
    assert "posts: got 0 rows" in answer.err


def test_without_waiting_the_request_stands(warmline: Command, database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="test")
    assert warmline("run", "heuristic", "--no-wait", "--json").json["state"] == "requested"
    assert scalar(database, "SELECT count(*) FROM warmline.runs WHERE state = 'requested'") == 1


def test_without_a_service_nothing_is_asked_for_and_the_answer_says_what_to_do(
    warmline: Command, database: Database
) -> None:
    answer = warmline("run", "heuristic")
    assert (answer.code, scalar(database, "SELECT count(*) FROM warmline.runs")) == (1, 0)
    assert "python -m s01_heuristic --once" in answer.err


def test_another_service_does_not_do(warmline: Command, database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="test")
    assert warmline("run", "train").code == 1


def test_a_run_under_way_is_named(warmline: Command, database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="test")
    run = claimed_run(database)
    answer = warmline("run", "heuristic")
    assert answer.code == 1
    assert f"run {run.id} of heuristic is under way on test" in answer.err


def test_a_service_that_dies_before_it_takes_the_request_leaves_none_behind(
    warmline: Command, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ALIVE_FOR", runs.ALIVE_FOR / 20)  # 1.5 s: waiting half a minute shows no more
    record_heartbeat(database, "s01_heuristic", worker="test")
    answer = warmline("run", "heuristic")
    assert (answer.code, scalar(database, "SELECT count(*) FROM warmline.runs")) == (1, 0)


def test_a_worker_that_dies_at_work_is_not_waited_for(warmline: Command, database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="test")

    def work_and_die() -> None:
        for _ in range(200):
            if claim_run(database, "heuristic", worker="test"):
                execute(database, "UPDATE warmline.runs SET lease_until = now() - interval '1 second'")
                return
            time.sleep(0.05)

    thread = threading.Thread(target=work_and_die)
    thread.start()
    answer = warmline("run", "heuristic")
    thread.join()
    assert answer.code == 1
    assert "gives no sign of life any more" in answer.err
