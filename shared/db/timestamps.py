"""How PostgreSQL's times become Python's: one guard, at the one place where the driver converts them.

PostgreSQL's times go from 4713 BC to the year 294276, and include infinity; Python's datetime raises an error outside
the years 1 to 9999. The relations are the team's, so they may contain any of these. A time that Python cannot hold
becomes the earliest or the latest one, so that a post dated BC is an old post and not an error on a page.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from psycopg2.extensions import PYDATETIMETZ, new_array_type, new_type, register_type

# A day inside a datetime's range, so that conversion to any time zone, and five minutes less, still fit.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)

_DATE, _TIMESTAMP, _TIMESTAMPTZ = 1082, 1114, 1184  # type numbers, the same in every PostgreSQL (pg_type.dat)
_TIMESTAMPTZ_ARRAY = 1185


def read_time(text: str | None, cursor: Any) -> datetime | None:
    """PostgreSQL's text of a time as a datetime with its zone, between EARLIEST and LATEST; the driver calls it.

    A time without a zone, which the contract does not allow but a view may contain, counts as UTC. That is the zone of
    our sessions, in which PostgreSQL itself compares it.
    """
    if text is None:
        return None
    if text[-1] == "C" or text[0] == "-":  # "0044-03-15 00:00:00+00 BC", "-infinity"
        return EARLIEST
    if text[4:5] != "-":  # "20000-01-01 00:00:00+00", "infinity"
        return LATEST
    at: datetime = PYDATETIMETZ(text, cursor)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(at, EARLIEST), LATEST)


def seconds_sql(column: str) -> str:
    """The SQL of a time in seconds since 1970, infinity too. `extract` would take three times as long."""
    return f"date_part('epoch', {column})"


_TIMES = new_type((_TIMESTAMPTZ, _TIMESTAMP, _DATE), "WARMLINE_TIME", read_time)
_TIME_ARRAYS = new_array_type((_TIMESTAMPTZ_ARRAY,), "WARMLINE_TIME_ARRAY", _TIMES)


def guard_times(engine: sa.Engine) -> None:
    """Make every connection of an engine read times with `read_time`."""

    @sa.event.listens_for(engine, "connect")
    def register(connection: Any, _: Any) -> None:
        register_type(_TIMES, connection)
        register_type(_TIME_ARRAYS, connection)
