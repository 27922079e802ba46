"""Phase 2 of the demo: which model is taken, whose sign of life counts, what Ctrl-C ends, and what is printed."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from demo import database, show
from demo.client import Model
from demo.personal import known_model
from demo.services import ProcessEnvironment, Running
from demo.watch import StepSkipped, ctrl_c_skips
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Phase
from shared.ranked_lists.inspect import ListedPost
from shared.settings import StoreSettings, load_settings

FIGURE = {"mean": 0.5, "low": 0.25, "high": 0.75}
REPORT = {
    "cuts": {
        "global": {
            "protocol": "global cut by time",
            "users": 96,
            "systems": {"neucf": dict.fromkeys(("hr@10", "ndcg@10", "recall@20"), FIGURE)},
        }
    }
}


def _model(version: int, *, is_champion: bool = False, accepted: bool = True) -> Model:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Model(
        version=version, is_champion=is_champion, accepted=accepted, verdict="0.1 against 0.2", created_at=at, report={}
    )


def _printed(draw: Any, *arguments: Any, width: int = 110) -> str:
    paper = io.StringIO()
    draw(Console(file=paper, width=width), *arguments)
    return paper.getvalue()


@pytest.fixture
def database_of_runs(fresh_database_url: str, redis_url: str) -> Iterator[Database]:
    opened = Database(load_settings(StoreSettings, database_url=fresh_database_url, redis_url=redis_url))
    migrate(opened)
    yield opened
    opened.close()


def test_without_models_one_is_trained() -> None:
    assert known_model([]) is None


def test_the_champion_is_taken_before_a_newer_model() -> None:
    assert known_model([_model(2), _model(1, is_champion=True)]) == _model(1, is_champion=True)


def test_a_model_that_was_never_promoted_is_not_trained_again() -> None:
    assert known_model([_model(2), _model(1)]) == _model(2)


def test_only_the_services_own_process_counts_as_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    running = Running(
        processes={"s01_heuristic": process, "timeline": process},
        process_environment=ProcessEnvironment(environment={}, home=Path()),
    )
    earlier_start = {"s01_heuristic": {"machine:1"}}
    assert running.without_heartbeat(earlier_start) == ["s01_heuristic"]
    assert running.without_heartbeat({"s01_heuristic": {f"machine:{process.pid}"}}) == []


def test_ctrl_c_ends_the_step_once_and_then_the_demo() -> None:
    found = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with pytest.raises(StepSkipped), ctrl_c_skips():
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, found)


def test_after_a_step_ctrl_c_means_what_it_meant() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c_skips():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_that_was_cut_off_counts_until_its_lease_ends(
    fresh_database_url: str, database_of_runs: Database
) -> None:
    assert database.lease_left(fresh_database_url, "train") == 0
    request_run(database_of_runs, "train", by="test")
    run = claim_run(database_of_runs, "train", worker="test")
    assert run is not None
    assert 0 < database.lease_left(fresh_database_url, "train") <= 60
    finish_run(database_of_runs, run, report={})
    assert database.lease_left(fresh_database_url, "train") == 0


def test_the_report_shows_the_interval_and_leaves_out_what_was_not_measured() -> None:
    printed = _printed(show.show_report, REPORT)
    assert "NeuCF  0.500 [0.250, 0.750]" in printed
    assert "EASE" not in printed


def test_a_no_of_the_gate_is_said_with_what_the_demo_does_about_it() -> None:
    printed = _printed(show.show_verdict, _model(3, accepted=False))
    assert "says no:\n  0.1 against 0.2" in printed
    assert 'PUT /admin/models/champion {"version": 3, "override": true}' in printed


def test_a_yes_of_the_gate_is_not_overridden() -> None:
    assert "override" not in _printed(show.show_verdict, _model(3))


@pytest.mark.parametrize("width", [110, 80])
def test_the_phases_stand_side_by_side(width: int) -> None:
    post = ListedPost(rank=1, post_id="p", score=0.5, reason="popular", standing="")
    lists = {Phase.HEURISTIC: [post, post], Phase.NEUCF: [post]}
    printed = _printed(show.show_side_by_side, "someone", lists, {"p": "A [cat]"}, [], width=width)
    assert [line.count("A [cat]") for line in printed.splitlines()][-2:] == [2, 1]
