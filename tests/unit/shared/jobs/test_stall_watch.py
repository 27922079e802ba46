"""When a run counts as standing still."""

from datetime import timedelta

from shared.jobs.stall_watch import StallWatch
from shared.run_progress import Progress


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def at(step: str, done: int, seconds: float = 0.0) -> Progress:
    return Progress(step=step, done=done, of=9, percent=0.0, seconds=seconds, seconds_left=None)


def stalled(*looks: tuple[float, Progress | None]) -> list[bool]:
    """What a watch with a patience of a minute says at each look."""
    clock = Clock()
    watch, found = StallWatch(timedelta(minutes=1), clock), []
    for clock.seconds, progress in looks:
        found.append(watch.is_stalled(progress))
    return found


def test_a_run_that_reports_is_never_stalled() -> None:
    assert not any(stalled(*((59.0 * number, at("lists", number)) for number in range(100))))


def test_a_run_that_says_the_same_again_stands_still() -> None:
    assert stalled((0, at("lists", 3, 1.0)), (60, at("lists", 3, 61.0)), (61, at("lists", 3, 62.0)))[-2:] == [
        False,
        True,
    ]


def test_a_new_step_with_the_same_numbers_is_progress() -> None:
    assert stalled((0, at("captions", 0)), (60, at("photos", 0)), (120, at("photos", 0))) == [False] * 3


def test_a_run_that_never_reports_stands_still_from_its_beginning() -> None:
    assert stalled((60, None), (61, None)) == [False, True]


def test_the_reason_names_step_time_and_setting() -> None:
    watch = StallWatch(timedelta(hours=3))
    assert "no progress for 180 minutes before its first step" in watch.reason
    watch.is_stalled(at("lists", 3))
    assert "in step lists, at 3 of 9" in watch.reason
    assert "WARMLINE_RUN_STALLED_MINUTES" in watch.reason
