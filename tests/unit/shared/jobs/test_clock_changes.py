"""Schedules through whole years, by a simulated clock, in zones whose clocks change: once each local day."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.jobs.local_times import moment_of, wall_time
from shared.jobs.triggers import LocalTrigger, cron, was_missed

# Zone, year, and what is special about it.
YEARS = [
    ("Asia/Beirut", 2026),  # 00:00 becomes 01:00, and in autumn 24:00 becomes 23:00
    ("America/Havana", 2026),  # 00:00 becomes 01:00, and in autumn 01:00 becomes 00:00
    ("Europe/Berlin", 2026),  # 02:00 becomes 03:00, and back
    ("Australia/Lord_Howe", 2026),  # half an hour
    ("America/Santiago", 2026),  # 24:00 becomes 01:00 and 23:00, first the autumn, then the spring
    ("America/Scoresbysund", 2026),  # the last hour of a day is left out
    ("America/St_Johns", 2006),  # at 00:01
    ("Africa/Casablanca", 2026),  # back during Ramadan, and forth again
    ("Antarctica/Troll", 2026),  # two hours
    ("Antarctica/Casey", 2018),  # three hours back, by day
    ("Africa/Cairo", 2014),  # four changes in a year
    ("Asia/Tehran", 2021),  # 00:00 becomes 01:00, on a half-hour offset
    ("Pacific/Apia", 2011),  # 30 December was left out
    ("Asia/Pyongyang", 2018),  # half an hour forth, once, at 23:30
    ("Pacific/Chatham", 2026),  # 02:45 becomes 03:45
]
TIMES = ("0 0", "30 0", "15 2", "30 2", "30 23")


def _fires(trigger: BaseTrigger, start: datetime, end: datetime) -> Iterator[datetime]:
    moment = trigger.get_next_fire_time(None, start)
    while moment is not None and moment < end:
        yield moment
        moment = trigger.get_next_fire_time(moment, moment)


def _year(zone: ZoneInfo, year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC), datetime(year + 1, 1, 1, tzinfo=zone).astimezone(UTC)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _days(zone: ZoneInfo, year: int) -> set[date]:
    """The local days that there were."""
    start, end = _year(zone, year)
    return {wall_time(start + timedelta(hours=n), zone).date() for n in range((end - start) // timedelta(hours=1))}


@pytest.mark.parametrize(("name", "year"), YEARS)
def test_a_nightly_run_is_due_exactly_once_each_local_day(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    start, end = _year(zone, year)
    wrong = {}
    for time in TIMES:
        runs = Counter(wall_time(due, zone).date() for due in _fires(cron(f"{time} * * *", timezone=name), start, end))
        if runs != dict.fromkeys(_days(zone, year), 1):
            wrong[time] = {day for day in _days(zone, year) | runs.keys() if runs[day] != 1}
    assert wrong == {}


@pytest.mark.parametrize(
    ("name", "time", "night", "due"),
    [
        ("Asia/Beirut", "0 0", "2026-03-28T12:00Z", "2026-03-28T22:00Z"),  # at 01:00, the day's first moment
        ("America/Havana", "30 0", "2026-03-07T12:00Z", "2026-03-08T05:00Z"),
        ("America/Havana", "30 0", "2026-10-31T12:00Z", "2026-11-01T04:30Z"),  # the first of two
        ("Europe/Berlin", "30 2", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),  # at 03:00
        ("Europe/Berlin", "30 2", "2026-10-24T12:00Z", "2026-10-25T00:30Z"),
        ("Europe/Berlin", "*/10 2", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),
        ("Australia/Lord_Howe", "15 2", "2026-10-03T12:00Z", "2026-10-03T15:30Z"),  # at 02:30
        ("America/Scoresbysund", "30 23", "2026-03-28T12:00Z", "2026-03-29T00:59Z"),  # the last minute of the day
        ("Pacific/Apia", "0 3", "2011-12-29T14:00Z", "2011-12-30T13:00Z"),  # the 31st follows the 29th
    ],
)
def test_on_the_night_of_a_change_a_run_is_due_at(name: str, time: str, night: str, due: str) -> None:
    trigger = cron(f"{time} * * *", timezone=name)
    assert trigger.get_next_fire_time(None, datetime.fromisoformat(night)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(("name", "year"), YEARS)
@pytest.mark.parametrize("minutes", ["30", "*/20"])
def test_a_schedule_of_every_hour_fires_whenever_the_clocks_show_its_minutes(
    name: str, year: int, minutes: str
) -> None:
    zone, step = ZoneInfo(name), timedelta(minutes=1)
    wanted = {30} if minutes == "30" else {0, 20, 40}
    start, end = _year(zone, year)
    quarter = timedelta(hours=6)
    quarters = [start + n * quarter for n in range((end - start) // quarter)]
    changes = [at for at in quarters if _offset(at, zone) != _offset(at + quarter, zone)]
    assert changes
    for change in changes:
        first, last = change - quarter, change + 2 * quarter
        expected = [
            at for n in range((last - first) // step) if wall_time(at := first + n * step, zone).minute in wanted
        ]
        assert list(_fires(cron(f"{minutes} * * * *", timezone=name), first, last)) == expected


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from([ZoneInfo(name) for name, _ in YEARS]),
    wall=st.integers(1990 * 525_960, 2030 * 525_960).map(
        lambda minutes: datetime.min.replace(tzinfo=UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    ),
)
def test_a_wall_time_has_its_own_moment_or_none(zone: ZoneInfo, wall: datetime) -> None:
    moment = moment_of(wall, zone)
    shown = {wall_time((wall - timedelta(hours=h)).replace(tzinfo=UTC), zone) for h in range(-14, 15)}
    if moment is None:
        assert wall.date() not in {each.date() for each in shown}
    else:
        assert wall_time(moment, zone).date() == wall.date()


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["Asia/Beirut", "America/Havana", "Europe/Berlin", "Australia/Lord_Howe"]),
    time=st.sampled_from(TIMES),
    season=st.sampled_from(["2026-03-01", "2026-10-01"]),
    starts=st.lists(st.integers(0, 40 * 24 * 60), max_size=30),
    behind=st.sampled_from([0.0, 0.002, 3.0, 120.0]),
)
def test_a_service_that_is_started_again_and_again_runs_once_each_local_day(
    zone: str, time: str, season: str, starts: list[int], behind: float
) -> None:
    """The clock of PostgreSQL, which dates the runs, is some seconds behind the service's."""
    trigger, now = cron(f"{time} * * *", timezone=zone), datetime.fromisoformat(season).replace(tzinfo=ZoneInfo(zone))
    now = now.astimezone(UTC)
    end, runs, last = now + timedelta(days=40), [now], now - timedelta(seconds=behind)
    for until in [*(now + timedelta(minutes=each) for each in sorted(starts)), end]:
        if was_missed(trigger, last=last, now=now):
            runs.append(now)
        runs += [due for due in _fires(trigger, now, until) if due != runs[-1]]  # a request that waits is not doubled
        last, now = runs[-1] - timedelta(seconds=behind), until
    dates = Counter(wall_time(run, ZoneInfo(zone)).date() for run in runs[1:])
    first, *_, final = sorted(dates)
    assert set(dates.values()) == {1}
    assert len(dates) == (final - first).days + 1


def test_a_schedule_that_no_day_fits_is_never_due() -> None:
    never = CronTrigger(minute=0, hour=3, day=30, month=2, timezone=UTC)
    trigger = LocalTrigger(never, zone=ZoneInfo("Europe/Berlin"), names_hours=True)
    assert trigger.get_next_fire_time(None, datetime(2026, 1, 1, tzinfo=UTC)) is None
