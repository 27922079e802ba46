"""A machine's clock that is set, or that slept: the schedule does not wait for what it believed before."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.base import BaseTrigger

from shared.jobs.scheduler import Schedule
from shared.jobs.triggers import cron, every

WAIT = 10.0  # seconds; it takes milliseconds


class _At(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Due at some times."""

    def __init__(self, *times: datetime) -> None:
        self._times = list(times)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return next((at for at in self._times if previous_fire_time is None or at > previous_fire_time), None)


@contextmanager
def _scheduled(trigger: BaseTrigger, done: list[datetime], is_done: threading.Event) -> Iterator[Schedule]:
    def action() -> None:
        done.append(datetime.now(UTC))
        is_done.set()

    running = Schedule(trigger, action)
    try:
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("hours", [0.5, 5, 70])
def test_a_machine_that_slept_through_the_night_makes_up_for_it_with_one_run(hours: float) -> None:
    now, done, is_done = datetime.now(UTC), list[datetime](), threading.Event()
    nights = [now - timedelta(hours=hours - 24 * night) for night in (-2, -1, 0, 9)]
    with _scheduled(_At(*nights), done, is_done):
        assert is_done.wait(WAIT)
    assert len(done) == 1


def _set_back(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    real = time.time
    monkeypatch.setattr("shared.jobs.scheduler.time.time", lambda: real() - by.total_seconds())


@pytest.mark.parametrize("trigger", [every(timedelta(minutes=5)), cron("0 3 * * *", timezone="Europe/Berlin")])
def test_a_clock_that_was_years_ahead_and_is_set_right_does_not_stop_the_schedule(
    trigger: BaseTrigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _scheduled(trigger, [], threading.Event()) as running:
        planned = running._planned.next_run_time
        running._planned.modify(next_run_time=planned + timedelta(days=4000))  # as it was planned by the wrong clock
        _set_back(monkeypatch, timedelta(days=4000))
        running.check_clock()
        assert abs(running._planned.next_run_time - planned) < timedelta(seconds=WAIT)


def test_a_clock_that_is_set_back_by_a_moment_repeats_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with _scheduled(cron("0 3 * * *", timezone="UTC"), [], threading.Event()) as running:
        tomorrow = running._planned.next_run_time + timedelta(days=1)  # this night's run was at 03:00:00
        running._planned.modify(next_run_time=tomorrow)
        _set_back(monkeypatch, timedelta(seconds=70))
        running.check_clock()
        assert running._planned.next_run_time == tomorrow
