"""Trainers and scorers killed at any moment, stopped while another takes over, and started twice at once."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.passes import REFUSED, Passes, check, check_clean, give_up_runs, kill
from tests.faults.scenario import Scenario
from tests.flow.camps import Camps, build_camps
from tests.traffic import until

pytestmark = pytest.mark.faults
MOMENTS = 20
PATIENCE = 120.0  # seconds, for a busy machine


@pytest.fixture
def camps(scenario: Scenario, tmp_path: Path) -> Camps:
    world = build_camps(scenario.deployment, tmp_path)
    scenario.deployment.run_heuristic()
    return world


@pytest.mark.parametrize("job", ["train", "score"])
def test_a_pass_killed_at_any_moment_leaves_what_was_or_what_is_new(camps: Camps, tmp_path: Path, job: str) -> None:
    rng, killed = random.Random(21), 0
    with Passes.of(camps, tmp_path / "log") as passes:
        for name in ("train", "score"):
            passes.begin(name)
            assert passes.end() == 0, passes.said()
        forget_vectors(camps)
        seconds = timed(passes, job)
        for _ in range(MOMENTS):
            forget_vectors(camps)
            process = passes.begin(job)
            time.sleep(rng.uniform(0, seconds))
            kill(process)
            if passes.end() == -signal.SIGKILL:
                killed += 1
            else:  # it was over before: the machine has less to do than when the time was taken
                seconds *= 0.9
            check(camps)
            give_up_runs(camps)
        for name in ("train", "score"):
            passes.begin(name)
            assert passes.end() == 0, passes.said()
    check(camps)
    check_clean(camps)
    print(f"{job} killed {killed} of {MOMENTS} times within {seconds:.1f} s")  # noqa: T201 - the table of the note
    assert killed >= MOMENTS // 2


def test_a_trainer_stopped_while_another_takes_over_promotes_nothing(camps: Camps, tmp_path: Path) -> None:
    with Passes.of(camps, tmp_path / "late") as late, Passes.of(camps, tmp_path / "other") as other:
        process = late.begin("train")
        until(lambda: "train.trial" in late.said(), "the trainer has tried its model", seconds=PATIENCE)
        os.kill(process, signal.SIGSTOP)
        try:
            give_up_runs(camps)
            other.begin("train")
            assert other.end() == 0, other.said()
        finally:
            os.kill(process, signal.SIGCONT)
        assert late.end() == REFUSED
        assert "another run took over" in late.said()
    assert "train.judged" not in late.said()
    rows = camps.deployment.sql(
        "SELECT run_id, r.state FROM warmline.model_versions JOIN warmline.runs r ON r.id = run_id"
    )
    assert [state for _, state in rows] == ["done"]
    check(camps)
    check_clean(camps)


def test_a_scorer_stopped_while_another_takes_over_publishes_nothing(camps: Camps, tmp_path: Path) -> None:
    camps.train()
    with Passes.of(camps, tmp_path / "late") as late, Passes.of(camps, tmp_path / "other") as other:
        process = late.begin("score")
        until(lambda: "content.captions" in late.said(), "the scorer is at work", seconds=PATIENCE)
        os.kill(process, signal.SIGSTOP)
        try:
            give_up_runs(camps)
            other.begin("score")
            assert other.end() == 0, other.said()
        finally:
            os.kill(process, signal.SIGCONT)
        assert late.end() == REFUSED
    assert "score.publish" not in late.said()
    check(camps)


@pytest.mark.parametrize("job", ["train", "score"])
def test_of_two_at_once_one_does_the_work(camps: Camps, tmp_path: Path, job: str) -> None:
    camps.train()
    with Passes.of(camps, tmp_path / "one") as one, Passes.of(camps, tmp_path / "two") as two:
        for _ in range(3):
            one.begin(job)
            two.begin(job)
            assert sorted((one.end(), two.end())) in ([0, REFUSED], [0, 0]), one.said() + two.said()
            check(camps)
    runs = camps.deployment.sql("SELECT state, count(*) FROM warmline.runs WHERE job = %s GROUP BY state", [(job,)])
    assert dict(runs).keys() == {"done"}
    check_clean(camps)


def timed(passes: Passes, job: str) -> float:
    """Seconds of a whole pass."""
    begun = time.monotonic()
    passes.begin(job)
    assert passes.end() == 0, passes.said()
    return time.monotonic() - begun


def forget_vectors(camps: Camps) -> None:
    """So that a pass has something to encode."""
    camps.deployment.sql("DELETE FROM warmline.post_vectors WHERE post_id LIKE '%%-0_'")
