"""One number for a whole run: it only grows, ends at 100 %, and says what is left once that can be told."""

from shared.run_progress import RunProgress


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def percent(progress: RunProgress) -> float:
    now = progress.now()
    assert now is not None
    return now.percent


def test_before_anything_is_reported_nothing_is_known() -> None:
    assert RunProgress().now() is None


def test_steps_count_by_their_share() -> None:
    progress = RunProgress()
    progress.plan({"load": 1, "learn": 3})
    progress.report("load", 1, 2)
    assert percent(progress) == 12.5
    progress.report("learn", 1, 3)
    assert percent(progress) == 50


def test_a_step_ends_all_before_it() -> None:
    progress = RunProgress()
    progress.plan({"captions": 1, "photos": 1, "learn": 2})
    progress.report("learn", 0, 10)
    assert percent(progress) == 50


def test_it_never_goes_backwards() -> None:
    progress = RunProgress()
    progress.plan({"learn": 1})
    progress.report("learn", 8, 10)
    progress.report("learn", 1, 10)
    assert percent(progress) == 80


def test_more_than_all_is_all_and_nothing_to_do_is_done() -> None:
    progress = RunProgress()
    progress.plan({"captions": 1, "learn": 1})
    progress.report("captions", 0, 0)
    assert percent(progress) == 50
    progress.report("learn", 12, 10)
    assert percent(progress) == 100


def test_a_step_that_nobody_planned_is_shown_and_moves_nothing() -> None:
    progress = RunProgress()
    progress.plan({"learn": 1})
    progress.report("learn", 1, 2)
    progress.report("tidying", 1, 2)
    now = progress.now()
    assert now is not None
    assert (now.step, now.percent) == ("tidying", 50)


def test_what_is_left_is_told_by_what_is_done_and_not_too_early() -> None:
    clock = Clock()
    progress = RunProgress(clock)
    progress.plan({"learn": 1})
    clock.seconds = 60
    progress.report("learn", 1, 100)
    early = progress.now()
    progress.report("learn", 25, 100)
    later = progress.now()
    assert early is not None
    assert later is not None
    assert (early.seconds_left, later.seconds, later.seconds_left) == (None, 60, 180)


def test_at_the_end_all_is_done() -> None:
    progress = RunProgress()
    progress.plan({"learn": 1})
    progress.report("learn", 1, 3)
    progress.end()
    assert percent(progress) == 100
