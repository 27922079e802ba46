"""When a schedule fires: crontab lines as cron means them, and times that were missed."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import ConfigurationError
from shared.jobs.triggers import cron, every, was_missed

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _fires(expression: str, *, days: int = 28, zone: str = "UTC", start: datetime = SUNDAY) -> list[datetime]:
    trigger, moment, fires = cron(expression, timezone=zone), start, []
    end = start + timedelta(days=days)
    while (due := trigger.get_next_fire_time(moment, moment + timedelta(microseconds=1))) and due < end:
        fires.append(due)
        moment = due
    return fires


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("6", "sat"),
        ("sun", "sun"),
        ("MON", "mon"),
        ("1-5", "mon tue wed thu fri"),
        ("mon-fri", "mon tue wed thu fri"),
        ("5-7", "fri sat sun"),
        ("0-7", "mon tue wed thu fri sat sun"),
        ("0-1", "mon sun"),
        ("sun-tue", "mon tue sun"),
        ("1,3,5", "mon wed fri"),
        ("0,7", "sun"),
        ("1-2,sat", "mon tue sat"),
        ("*/2", "tue thu sat sun"),
        ("1-5/2", "mon wed fri"),
        ("1/2", "mon wed fri"),
        ("*", "mon tue wed thu fri sat sun"),
    ],
)
def test_weekdays_mean_what_cron_means(field: str, expected: str) -> None:
    days = {DAYS[due.weekday()] for due in _fires(f"0 3 * * {field}")}
    assert sorted(days, key=DAYS.index) == expected.split()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 3 * *",
        "0 3 * * * *",
        "60 3 * * *",
        "0 24 * * *",
        "0 3 32 * *",
        "0 3 * 13 *",
        "0 3 * * 8",
        "0 3 * * 5-1",
        "0 3 * * funday",
        "0 3 * * */0",
        "0 3 * * -1",
        "0 3 * * 1-",
        "0 3 * * 0_1",
        "0 3 * * 1-5/0_2",
        "0_1 3 * * *",
        "x 3 * * *",
    ],
)
def test_what_cron_would_not_take_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="cron expression"):
        cron(expression, timezone="UTC")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../etc/passwd", "Europe"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ConfigurationError, match="cron expression"):
        cron("0 3 * * *", timezone=zone)


@pytest.mark.parametrize("expression", ["0 3 29 2 *", "0 3 31 1,2 *", "0 3 31 2 mon"])
def test_a_line_that_is_rarely_due_is_taken(expression: str) -> None:
    assert _fires(expression, days=4 * 366)


def test_a_day_of_the_month_alone_restricts() -> None:
    assert [due.day for due in _fires("0 3 1,15 * *", days=60)] == [1, 15, 1, 15]


def test_a_day_of_the_month_and_a_weekday_mean_either() -> None:
    fires = _fires("0 3 24 * 5")
    assert [(due.month, due.day) for due in fires] == [(11, 24), (11, 27), (12, 4), (12, 11), (12, 18)]


@pytest.mark.parametrize("expression", ["0 3 */2 * 1", "0 3 1-31/2 * 1"])
def test_a_starred_day_and_a_weekday_mean_what_cron_means(expression: str) -> None:
    """cron calls a field that begins with a star unrestricted, and then both must hold; else either is enough."""
    fires = _fires(expression)
    both = all(due.weekday() == 0 and due.day % 2 == 1 for due in fires)
    assert both is expression.startswith("0 3 */2")


def test_minutes_and_hours_are_in_the_given_zone() -> None:
    assert {(due.astimezone(UTC).hour, due.minute) for due in _fires("30 3 * * *", zone="Asia/Tokyo")} == {(18, 30)}


def test_an_hour_that_the_clock_change_leaves_out_does_not_stop_the_schedule() -> None:
    start = datetime(2026, 3, 26, 12, 0, tzinfo=UTC)  # Berlin skips 02:00 to 03:00 on 29 March
    days = [due.day for due in _fires("30 2 * * *", days=6, zone="Europe/Berlin", start=start)]
    assert days == [27, 28, 29, 30, 31, 1]


def test_the_next_night_was_missed_after_a_day_without_a_run() -> None:
    assert was_missed(cron("0 3 * * *", timezone="UTC"), last=SUNDAY - timedelta(days=1), now=SUNDAY)


def test_nothing_was_missed_since_last_night() -> None:
    last = SUNDAY.replace(hour=3)
    assert not was_missed(cron("0 3 * * *", timezone="UTC"), last=last, now=SUNDAY)


def test_the_very_moment_counts_as_due() -> None:
    last = SUNDAY - timedelta(days=1)
    assert was_missed(cron("0 3 * * *", timezone="UTC"), last=last, now=SUNDAY.replace(hour=3))


@pytest.mark.parametrize("seconds", [0.002, 5, 200])
def test_a_run_that_postgresql_dated_before_its_time_is_not_made_up_for_again(seconds: float) -> None:
    """Its clock, which dates the requests, may be behind the one that the schedule goes by."""
    last = SUNDAY.replace(hour=3) - timedelta(seconds=seconds)
    assert not was_missed(cron("0 3 * * *", timezone="UTC"), last=last, now=SUNDAY)


def test_a_job_that_never_ran_is_due() -> None:
    assert was_missed(cron("0 3 * * *", timezone="UTC"), last=None, now=SUNDAY)


@pytest.mark.parametrize(("minutes", "missed"), [(4.9, False), (5.0, True), (60.0, True)])
def test_an_interval_is_missed_once_it_has_passed(minutes: float, missed: bool) -> None:
    last = SUNDAY - timedelta(minutes=minutes)
    assert was_missed(every(timedelta(minutes=5)), last=last, now=SUNDAY) is missed


def test_an_either_schedule_is_missed_by_whichever_comes_first() -> None:
    trigger = cron("0 3 24 * 5", timezone="UTC")
    tuesday = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    assert was_missed(trigger, last=SUNDAY, now=tuesday)
