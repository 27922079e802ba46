"""The steps of a training: in their order, by the last training's seconds, and models that begin at 1 again."""

import pytest

from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.progress import (
    ALL_DATA,
    LOADING,
    SAVING,
    EpochsReported,
    OverlappingSteps,
    all_posts_step,
    replay_step,
    shares,
    training_step,
)
from shared.run_progress import RunProgress

STAGES = {
    "start": 2.0, "encode": 8.0, "load": 1.0, "epochs": 50.0, "validation": 2.5, "replay": 18.0, "exams": 6.0,
    "rest": 3.0,
}  # fmt: skip


def test_the_shares_are_those_of_the_last_training() -> None:
    plan = shares(STAGES)
    assert round(sum(plan.values()), 6) == sum(STAGES.values())
    assert plan[training_step("per user")] == 52.5 / 8.5  # 2.5 + 5 × 0.4 + 1 + 3 models
    assert plan[training_step("cut 1")] == pytest.approx(0.4 * 52.5 / 8.5)
    assert plan[replay_step("cut 5")] == 3.0
    assert plan[all_posts_step("global")] == 3.0


def test_a_first_training_has_a_plan_too() -> None:
    assert list(shares(None)) == list(shares(STAGES))


def test_a_report_of_an_older_version_gives_a_plan() -> None:
    assert sum(shares({"rest": 4.0}).values()) == 4.0


def test_the_models_of_a_fit_are_one_step_that_grows() -> None:
    progress = RunProgress()
    progress.plan({training_step(ALL_DATA): 1})
    epochs = EpochsReported(progress.report)
    seen = []
    for _member in range(3):
        for number in range(1, 5):
            epochs.add(ALL_DATA, EpochResult(number=number, of=4, loss=0.1, validation=None))
            now = progress.now()
            assert now is not None
            seen.append(now.percent)
    assert seen == [round(100 * done / 12, 1) for done in range(1, 13)]


def test_the_number_of_cuts_is_no_part_of_a_steps_name() -> None:
    progress = RunProgress()
    progress.plan(shares(STAGES))
    EpochsReported(progress.report).add("cut 2 of 5", EpochResult(number=1, of=4, loss=0.1, validation=None))
    now = progress.now()
    assert now is not None
    assert now.step == "training, cut 2"
    assert now.percent > 0


def test_steps_side_by_side_are_one_step_that_grows_by_their_shares() -> None:
    progress, plan = RunProgress(), shares(STAGES)
    overlapping = OverlappingSteps(progress, plan)
    overlapping.report(LOADING, 1, 1)
    before = progress.now()
    overlapping.report(replay_step("cut 5"), 1, 2)
    overlapping.report(replay_step("cut 1"), 1, 1)  # an earlier one, later
    now = progress.now()
    assert before is not None
    assert now is not None
    assert now.step == "training and replay"
    assert now.percent - before.percent == pytest.approx(100 * 1.5 * plan[replay_step("cut 1")] / 91, abs=0.2)
    overlapping.report(SAVING, 0, 1)
    after = progress.now()
    assert after is not None
    assert after.step == SAVING
    assert after.percent == pytest.approx(100 * (1 - 3 / 91), abs=0.1)


def test_cuts_that_alternate_count_their_models_apart() -> None:
    seen = list[tuple[str, int, int]]()
    epochs = EpochsReported(lambda *step: seen.append(step))
    for number in (1, 2):
        for cut in ("cut 1 of 5", ALL_DATA):
            epochs.add(cut, EpochResult(number=number, of=2, loss=0.1, validation=None))
    assert seen == [
        ("training, cut 1", 1, 2), ("training, all data", 1, 6),
        ("training, cut 1", 2, 2), ("training, all data", 2, 6),
    ]  # fmt: skip
