"""Decides when a job is due: at an interval or by a crontab line, with cron's meaning; and whether it was missed."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from shared.domain import CLOCK_TOLERANCE
from shared.errors import ConfigurationError
from shared.jobs.local_times import next_at_every_hour, next_at_named_hours
from shared.text.numbers import is_whole_number

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # a line that is never due after this time is never due
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as cron counts: 0 and 7 are Sunday


def every(interval: timedelta) -> BaseTrigger:
    """A trigger that fires at each interval."""
    return IntervalTrigger(seconds=int(interval.total_seconds()), timezone=UTC)


def cron(expression: str, *, timezone: str) -> BaseTrigger:
    """A trigger for a crontab line of five fields; weekdays and day-or-weekday have cron's meaning.

    A line that names hours is due once at each of its local times, also on days when the clocks change.

    Raises:
        ConfigurationError: there are not five fields, cron would refuse one, the line is never due, or the time zone
            is unknown.
    """
    if expression.strip()[:1] in ("'", '"'):
        cause = ValueError("the quotes are part of the value; leave them out")
        raise ConfigurationError(f"cron expression: got {expression!r}, {cause}") from cause
    fields = expression.split()
    if len(fields) != 5:
        raise ConfigurationError(f"cron expression: got {expression!r}, expected five fields such as '0 3 * * *'")
    minute, hour, day, month, weekday = fields
    try:
        zone = ZoneInfo(timezone)
        wall_times = _wall_times(minute, hour, day, month, weekday)
        if wall_times.get_next_fire_time(None, ANY_TIME) is None:
            raise ValueError("no day of any month is one of these; it would never be due")
        return LocalTrigger(wall_times, zone=zone, names_hours=not hour.startswith("*"))
    except (ValueError, KeyError, OSError) as error:
        raise ConfigurationError(f"cron expression {expression!r} in zone {timezone!r}: {error}") from error


class LocalTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at wall times of a zone; APScheduler's own trigger skips or repeats a night when the clocks change."""

    def __init__(self, wall_times: BaseTrigger, *, zone: tzinfo, names_hours: bool) -> None:
        """Make it.

        Args:
            wall_times: fires at the wall times as if they were UTC.
            zone: of the wall times.
            names_hours: each wall time is due once; otherwise the schedule follows the hours that really pass.
        """
        self._wall_times, self._zone, self._names_hours = wall_times, zone, names_hours

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time after the previous one, or from now on."""
        after = previous_fire_time if previous_fire_time is not None else now - timedelta.resolution
        find = next_at_named_hours if self._names_hours else next_at_every_hour
        return find(self._next_wall_time, self._zone, after)

    def _next_wall_time(self, wall: datetime) -> datetime | None:
        found = self._wall_times.get_next_fire_time(None, wall.replace(tzinfo=UTC) + timedelta.resolution)
        return None if found is None else found.replace(tzinfo=None)


def was_missed(trigger: BaseTrigger, *, last: datetime | None, now: datetime) -> bool:
    """Whether the trigger should have fired since the last good run (or there was none).

    The run was dated by PostgreSQL's clock, which may be slightly behind: it may seem to precede its due time.
    """
    if last is None:
        return True
    since = last if isinstance(trigger, IntervalTrigger) else last + CLOCK_TOLERANCE
    due = trigger.get_next_fire_time(since, since)
    return due is not None and due <= now


def _wall_times(minute: str, hour: str, day: str, month: str, weekday: str) -> BaseTrigger:
    common: dict[str, Any] = {"minute": minute, "hour": hour, "month": month, "timezone": UTC}
    if weekday == "*":
        return CronTrigger(day=day, **common)
    names = _weekday_names(weekday)
    if day.startswith("*") or weekday.startswith(
        "*"
    ):  # for cron a field with a star restricts nothing: both must match
        return CronTrigger(day=day, day_of_week=names, **common)
    return OrTrigger([CronTrigger(day=day, **common), CronTrigger(day_of_week=names, **common)])


def _weekday_names(field: str) -> str:
    """cron's weekdays (0 or 7 is Sunday, ranges, steps, names) as names, which are unambiguous."""
    chosen: list[str] = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = 0 if span == "*" else _weekday_number(first)
        high = 6 if span == "*" else _weekday_number(last) if dash else (6 if step else low)
        if high < low:
            raise ValueError(f"weekday {part!r} runs backwards")
        chosen += [WEEKDAYS[day] for day in range(low, high + 1, _number(step or "1"))]
    return ",".join(dict.fromkeys(chosen))


def _weekday_number(word: str) -> int:
    number = WEEKDAYS.index(word) if word in WEEKDAYS else _number(word)
    if not 0 <= number <= 7:
        raise ValueError(f"weekday {word!r} is not in 0-7")
    return number


def _number(word: str) -> int:
    if not is_whole_number(word):
        raise ValueError(f"{word!r} is not a number")
    return int(word)
