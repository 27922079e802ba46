"""Computes when a schedule in local time is due, in a zone with daylight saving. Pure.

A wall time is a datetime without zone: the time that local clocks show. When the clocks change, some wall times are
skipped and others occur twice. As in cron(8) there are two kinds of schedules: one that names hours is due once at each
of its wall times, even on such days; one that runs every hour follows the hours that really pass.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

NextWallTime = Callable[[datetime], datetime | None]  # a schedule: returns its first wall time after another
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def next_at_named_hours(next_wall_time: NextWallTime, zone: tzinfo, after: datetime) -> datetime | None:
    """The first time after `after` at which a schedule that names hours is due: each of its wall times once."""
    wall: datetime | None = wall_time(after, zone)
    while wall is not None:
        wall = next_wall_time(wall)
        moment = None if wall is None else moment_of(wall, zone)
        if moment is not None and moment > after:
            return moment
    return None


def next_at_every_hour(next_wall_time: NextWallTime, zone: tzinfo, after: datetime) -> datetime | None:
    """The first time after `after` at which clocks show a wall time of the schedule, also for the second time."""
    start, wall = after, wall_time(after, zone)
    while True:
        found = next_wall_time(wall)
        if found is None:
            return None
        moment = (found - _offset(start, zone)).replace(tzinfo=UTC)
        if _offset(moment, zone) == _offset(start, zone):
            return moment
        start = _change(start, moment, zone)
        wall = wall_time(start, zone) - timedelta.resolution  # the moment of the change may itself be due


def moment_of(wall: datetime, zone: tzinfo) -> datetime | None:
    """The time at which clocks show a wall time: the first of two; for a skipped wall time, when the clocks change.

    If that is already the next day (the end of a day is skipped), it is the minute before; None for a day that a zone
    skips as a whole.
    """
    before, behind = ((wall - _offset_of(wall, zone, fold)).replace(tzinfo=UTC) for fold in (0, 1))
    if wall_time(before, zone) == wall:
        return before
    change = _change(behind, before, zone)
    nearest = (change, change - _MINUTE)
    return next((moment for moment in nearest if wall_time(moment, zone).date() == wall.date()), None)


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """The local time of a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _change(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """The second at which the offset of `start` changed; `end` has another offset."""
    offset = _offset(start, zone)
    while end - start > _SECOND:
        middle = start + _SECOND * max(1, (end - start) // _SECOND // 2)
        start, end = (middle, end) if _offset(middle, zone) == offset else (start, middle)
    return end.replace(microsecond=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _offset_of(wall: datetime, zone: tzinfo, fold: int) -> timedelta:
    return wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
