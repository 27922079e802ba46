"""Runs: one request at a time, one claim, a lease that can be lost, a history that stays short."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.db import runs
from shared.db.engine import Database
from shared.db.runs import (
    Run,
    claim_run,
    current_run,
    extend_lease,
    finish_run,
    for_run,
    last_done,
    live_services,
    recent_runs,
    record_heartbeat,
    request_run,
    run_state,
)
from shared.errors import LeaseLost, RunRefused, SourceError
from shared.jobs import scheduler
from shared.jobs.scheduler import ScheduledJob, run_once
from tests.stores import claimed_run, execute, scalar

JOB = "heuristic"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def _state(database: Database, run_id: int) -> str:
    row = run_state(database, run_id)
    assert row is not None
    return str(row["state"])


def _expire(database: Database) -> None:
    execute(database, "UPDATE warmline.runs SET lease_until = now() - interval '1 second' WHERE state = 'running'")


def test_a_second_request_is_the_first(database: Database) -> None:
    assert request_run(database, JOB, by="cron") == request_run(database, JOB, by="operator")


def test_requests_of_two_jobs_are_two(database: Database) -> None:
    assert request_run(database, JOB, by="cron") != request_run(database, "score", by="cron")


def test_a_request_may_wait_while_a_run_is_under_way(database: Database) -> None:
    run = claimed_run(database)
    assert request_run(database, JOB, by="operator") != run.id


def test_a_claimed_run_is_running(database: Database) -> None:
    assert _state(database, claimed_run(database).id) == "running"


def test_nothing_can_be_claimed_without_a_request(database: Database) -> None:
    assert claim_run(database, JOB, worker="w") is None


def test_nothing_can_be_claimed_while_another_holds_a_live_lease(database: Database) -> None:
    claimed_run(database, worker="first")
    request_run(database, JOB, by="test")
    assert claim_run(database, JOB, worker="second") is None


def test_the_request_that_could_not_be_claimed_still_waits(database: Database) -> None:
    claimed_run(database)
    waiting = request_run(database, JOB, by="test")
    claim_run(database, JOB, worker="second")
    assert _state(database, waiting) == "requested"


def test_another_worker_takes_over_when_the_lease_has_run_out(database: Database) -> None:
    claimed_run(database, worker="first")
    _expire(database)
    assert claimed_run(database, worker="second").worker == "second"


def test_a_run_that_was_taken_over_begins_no_transaction(database: Database) -> None:
    lost = for_run(database, claimed_run(database, worker="first"))
    _expire(database)
    claimed_run(database, worker="second")
    with pytest.raises(LeaseLost, match="another run took over"), lost.begin():
        raise AssertionError("it began")


def test_a_run_in_the_middle_of_a_write_is_taken_over_after_it_and_may_extend_its_lease(database: Database) -> None:
    late = claimed_run(database, worker="first")
    _expire(database)
    request_run(database, JOB, by="test")
    claims: list[Run | None] = []
    second = threading.Thread(target=lambda: claims.append(claim_run(database, JOB, worker="second")))
    with for_run(database, late).begin():
        second.start()
        _wait_for(lambda: bool(scalar(database, WAITING)))
        assert claims == []
    second.join()
    assert claims[0] is not None
    with for_run(database, claims[0]).begin():
        extend_lease(database, claims[0])  # does not wait


def test_the_run_whose_lease_ran_out_is_on_record_as_failed(database: Database) -> None:
    lost = claimed_run(database, worker="first")
    _expire(database)
    claimed_run(database, worker="second")
    row = run_state(database, lost.id)
    assert row is not None
    assert (row["state"], row["error"]) == ("failed", "the worker stopped without a word (its lease ran out)")


def test_the_later_claim_has_the_higher_fence(database: Database) -> None:
    first = claimed_run(database)
    _expire(database)
    assert claimed_run(database).fence > first.fence


def test_a_worker_that_lost_its_lease_finishes_nothing(database: Database) -> None:
    loser = claimed_run(database, worker="first")
    _expire(database)
    claimed_run(database, worker="second")
    assert finish_run(database, loser, report={"posts": 1}) is False


def test_finishing_without_the_lease_changes_neither_run(database: Database) -> None:
    loser = claimed_run(database, worker="first")
    _expire(database)
    winner = claimed_run(database, worker="second")
    before = [dict(row) for row in recent_runs(database)]
    finish_run(database, loser, report={"posts": 1})
    assert [dict(row) for row in recent_runs(database)] == before
    assert _state(database, winner.id) == "running"


def test_a_worker_that_lost_its_lease_cannot_extend_it(database: Database) -> None:
    loser = claimed_run(database, worker="first")
    _expire(database)
    claimed_run(database, worker="second")
    with pytest.raises(LeaseLost, match=f"run {loser.id} of heuristic"):
        extend_lease(database, loser)


def test_extending_a_lease_moves_its_end(database: Database) -> None:
    run = claimed_run(database)
    execute(database, "UPDATE warmline.runs SET lease_until = now() + interval '1 second'")
    extend_lease(database, run)
    assert scalar(database, "SELECT lease_until > now() + interval '50 seconds' FROM warmline.runs")


def test_a_run_whose_lease_is_over_may_finish_if_nobody_took_over(database: Database) -> None:
    run = claimed_run(database)
    _expire(database)
    assert finish_run(database, run, report={})


def test_a_finished_run_keeps_its_report(database: Database) -> None:
    run = claimed_run(database)
    finish_run(database, run, report={"posts": 3})
    row = run_state(database, run.id)
    assert row is not None
    assert (row["state"], row["report"]) == ("done", {"posts": 3})


@pytest.mark.parametrize("reason", ["posts: got 0 rows", ""])
def test_a_failed_run_keeps_its_reason(database: Database, reason: str) -> None:
    run = claimed_run(database)
    finish_run(database, run, error=reason)
    row = run_state(database, run.id)
    assert row is not None
    assert (row["state"], row["error"]) == ("failed", reason)


def test_a_long_reason_is_cut(database: Database) -> None:
    run = claimed_run(database)
    finish_run(database, run, error="x" * 5000)
    assert scalar(database, "SELECT length(error) FROM warmline.runs") == runs.MAX_ERROR


def test_the_history_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HISTORY_KEEP", 3)
    ids = []
    for _ in range(5):
        run = claimed_run(database)
        finish_run(database, run, report={})
        ids.append(run.id)
    assert [row["id"] for row in recent_runs(database)] == ids[:1:-1]


def test_the_run_that_withdrew_a_models_lists_stays_on_record(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the time until which that model may have served people would move on with the oldest run that is kept."""
    monkeypatch.setattr(runs, "HISTORY_KEEP", 1)
    withdrew = claimed_run(database)
    finish_run(database, withdrew, report={"withdrawn": 7})
    nothing_left = claimed_run(database)
    finish_run(database, nothing_left, report={"withdrawn": 0})
    last = claimed_run(database)
    finish_run(database, last, report={})
    assert [row["id"] for row in recent_runs(database)] == [last.id, withdrew.id]


def test_one_jobs_history_does_not_push_out_anothers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HISTORY_KEEP", 1)
    train = claimed_run(database, "train")
    finish_run(database, train, report={})
    for _ in range(3):
        finish_run(database, claimed_run(database), report={})
    assert _state(database, train.id) == "done"


def test_only_a_good_run_counts_as_done(database: Database) -> None:
    finish_run(database, claimed_run(database), error="no")
    assert last_done(database, JOB) is None


def test_a_good_run_counts_by_the_time_it_was_asked_for(database: Database) -> None:
    run = claimed_run(database)
    finish_run(database, run, report={})
    row = run_state(database, run.id)
    assert row is not None
    assert last_done(database, JOB) == row["requested_at"]


def test_a_run_whose_lease_is_over_is_not_under_way(database: Database) -> None:
    claimed_run(database)
    _expire(database)
    assert current_run(database, JOB) is None


def test_two_concurrent_workers_claim_one_run(database: Database) -> None:
    request_run(database, JOB, by="test")
    assert sum(run is not None for run in _at_once(8, lambda n: claim_run(database, JOB, worker=f"w{n}"))) == 1


def test_two_concurrent_workers_take_over_one_dead_run(database: Database) -> None:
    claimed_run(database)
    request_run(database, JOB, by="test")
    _expire(database)
    assert sum(run is not None for run in _at_once(6, lambda n: claim_run(database, JOB, worker=f"w{n}"))) == 1


def test_concurrent_requests_are_one(database: Database) -> None:
    assert len(set(_at_once(8, lambda n: request_run(database, JOB, by=f"w{n}")))) == 1


# --- run_once ---------------------------------------------------------------------------------------------------------


def _job(report: Mapping[str, Any]) -> ScheduledJob:
    return ScheduledJob(name=JOB, work=lambda run: report)


def test_run_once_gives_the_report(database: Database) -> None:
    assert run_once(database, _job({"posts": 3}), by="test") == {"posts": 3}


def test_run_once_is_refused_while_another_runs(database: Database) -> None:
    other = claimed_run(database, worker="other:1")
    with pytest.raises(RunRefused, match=f"run {other.id} of heuristic is under way on other:1 since"):
        run_once(database, _job({}), by="test")


def test_a_refused_run_once_leaves_no_request(database: Database) -> None:
    claimed_run(database)
    with pytest.raises(RunRefused):
        run_once(database, _job({}), by="test")
    assert [row["state"] for row in recent_runs(database)] == ["running"]


def test_run_once_takes_over_from_a_dead_worker(database: Database) -> None:
    claimed_run(database)
    _expire(database)
    assert run_once(database, _job({"posts": 1}), by="test") == {"posts": 1}


def test_concurrent_calls_run_one_job_at_a_time(database: Database) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def work(run: object) -> Mapping[str, Any]:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.05)
        with lock:
            inside -= 1
        return {}

    def attempt(number: int) -> None:
        with suppress(RunRefused):
            run_once(database, ScheduledJob(name=JOB, work=work), by=f"w{number}")

    _at_once(5, attempt)
    assert most == 1


def test_a_failed_run_is_on_record_with_the_reason(database: Database) -> None:
    def fail(run: object) -> Mapping[str, Any]:
        raise SourceError("posts.created_at: got text, expected timestamp with time zone")

    with pytest.raises(SourceError):
        run_once(database, ScheduledJob(name=JOB, work=fail), by="test")
    (row,) = recent_runs(database)
    assert (row["state"], row["error"]) == ("failed", "posts.created_at: got text, expected timestamp with time zone")


def test_a_defect_is_on_record_by_its_name_and_first_line(database: Database) -> None:
    def fail(run: object) -> Mapping[str, Any]:
        raise KeyError("row 7\nand a long story")

    with pytest.raises(KeyError):
        run_once(database, ScheduledJob(name=JOB, work=fail), by="test")
    (row,) = recent_runs(database)
    assert row["error"].startswith("KeyError: ")


def test_a_run_that_was_taken_over_says_so_at_its_end(database: Database) -> None:
    def slow(run: object) -> Mapping[str, Any]:
        _expire(database)
        claimed_run(database, worker="other")
        return {}

    with pytest.raises(LeaseLost, match="its lease had run out"):
        run_once(database, ScheduledJob(name=JOB, work=slow), by="test")


# --- signs of life ----------------------------------------------------------------------------------------------------


def test_a_service_with_a_recent_heartbeat_is_alive(database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="w1")
    assert [row["service"] for row in live_services(database)] == ["s01_heuristic"]


def test_a_service_without_a_recent_heartbeat_is_not_alive(database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="w1")
    execute(database, "UPDATE warmline.heartbeats SET seen_at = now() - interval '31 seconds'")
    assert live_services(database) == []


def test_workers_without_a_heartbeat_for_a_day_are_deleted(database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="old")
    execute(database, "UPDATE warmline.heartbeats SET seen_at = now() - interval '25 hours'")
    record_heartbeat(database, "s01_heuristic", worker="new")
    assert scalar(database, "SELECT string_agg(worker, ',') FROM warmline.heartbeats") == "new"


def _at_once(count: int, deed: Any) -> list[Any]:
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def each(number: int) -> None:
        start.wait()
        results[number] = deed(number)

    threads = [threading.Thread(target=each, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- progress ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Reads the run continually, and its log."""
    for name in ("LOOK_EVERY", "ROW_EVERY", "LOG_EVERY"):
        monkeypatch.setattr(scheduler, name, timedelta(milliseconds=5))
    caplog.set_level(logging.INFO, logger="warmline")
    return caplog


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.005)


def test_a_run_writes_its_progress_into_its_row_and_the_log(
    database: Database, at_once: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    shown: list[float] = []

    def work(run: Run) -> Mapping[str, Any]:
        run.progress.plan({"loading": 1, "learning": 3})
        run.progress.report("learning", 1, 3)
        _wait_for(lambda: "heuristic.progress" in at_once.text)
        seen.append(_progress(database, run.id))
        return {}

    run_once(database, ScheduledJob(name=JOB, work=work, show=lambda far: shown.append(far.percent)), by="test")
    assert (seen[0]["step"], seen[0]["done"], seen[0]["of"], seen[0]["percent"]) == ("learning", 1, 3, 50.0)
    assert "step=learning" in at_once.text
    (row,) = recent_runs(database)
    assert (row["progress"]["percent"], shown[0], shown[-1]) == (100.0, 50.0, 100.0)


def test_a_failed_run_keeps_its_progress(database: Database, at_once: pytest.LogCaptureFixture) -> None:
    def work(run: Run) -> Mapping[str, Any]:
        run.progress.plan({"loading": 1, "learning": 1})
        run.progress.report("learning", 0, 3)
        raise SourceError("no such column")

    with suppress(SourceError):
        run_once(database, ScheduledJob(name=JOB, work=work), by="test")
    (row,) = recent_runs(database)
    assert (row["state"], row["progress"]["step"], row["progress"]["percent"]) == ("failed", "learning", 50.0)


def test_progress_is_logged_at_a_bounded_rate() -> None:
    assert (timedelta(seconds=2), timedelta(seconds=30)) == (scheduler.ROW_EVERY, scheduler.LOG_EVERY)


def _progress(database: Database, run_id: int) -> Any:
    row = run_state(database, run_id)
    assert row is not None
    return row["progress"]
