"""When a schedule in local time is due, in a zone whose clocks change. Pure.

A wall time is a datetime without zone: what a clock on the wall shows. A change of the clocks leaves some wall times
out and shows others twice, so a schedule of wall times has to say what it means by those. As in cron(8) there are two
kinds: a schedule that names hours means each wall time once, whatever the clocks do; one of every hour means the hours
that pass.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

NextWallTime = Callable[[datetime], datetime | None]  # a schedule: its first wall time after another
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def next_at_named_hours(next_wall_time: NextWallTime, zone: tzinfo, after: datetime) -> datetime | None:
    """The first moment after another at which a schedule that names hours is due: each of its wall times once."""
    wall: datetime | None = wall_time(after, zone)
    while wall is not None:
        wall = next_wall_time(wall)
        moment = None if wall is None else moment_of(wall, zone)
        if moment is not None and moment > after:
            return moment
    return None


def next_at_every_hour(next_wall_time: NextWallTime, zone: tzinfo, after: datetime) -> datetime | None:
    """The first moment after another at which the clocks show a wall time of the schedule, for the second time too."""
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
    """The moment of a wall time: of two the first; of one that the clocks leave out the moment of the change.

    Where that already is another day (the clocks leave out the end of a day), it is the last minute before; a day that
    a zone leaves out as a whole has no moment (None).
    """
    before, behind = ((wall - _offset_of(wall, zone, fold)).replace(tzinfo=UTC) for fold in (0, 1))
    if wall_time(before, zone) == wall:
        return before
    change = _change(behind, before, zone)
    nearest = (change, change - _MINUTE)
    return next((moment for moment in nearest if wall_time(moment, zone).date() == wall.date()), None)


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """What the clocks of a zone show at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _change(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """A moment, to the second, at which the clocks left the offset of `start`; they have another at `end`."""
    offset = _offset(start, zone)
    while end - start > _SECOND:
        middle = start + _SECOND * max(1, (end - start) // _SECOND // 2)
        start, end = (middle, end) if _offset(middle, zone) == offset else (start, middle)
    return end.replace(microsecond=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _offset_of(wall: datetime, zone: tzinfo, fold: int) -> timedelta:
    return wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
