"""The steps of a training: in their order, by the last training's seconds, and models that begin at 1 again."""

from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.progress import ALL_DATA, EpochsReported, all_posts_step, replay_step, shares, training_step
from shared.run_progress import RunProgress

STAGES = {
    "start": 2.0, "encode": 8.0, "load": 1.0, "epochs": 50.0, "validation": 2.5, "replay": 18.0, "exams": 6.0,
    "rest": 3.0,
}  # fmt: skip


def test_the_shares_are_those_of_the_last_training() -> None:
    plan = shares(STAGES)
    assert round(sum(plan.values()), 6) == sum(STAGES.values())
    assert plan[training_step("cut 1")] == 52.5 / 13  # 2.5 + 5 + 2.5 + 3 models
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
