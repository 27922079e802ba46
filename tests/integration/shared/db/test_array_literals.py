"""Arrays as one text each: PostgreSQL reads the very values, whatever is in them."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db.array_literals import number_array, text_array, time_array
from shared.db.engine import Database

ODD = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{}",
    "a,b",
    " a ",
    "'; DROP TABLE users; --",
    "%s",
    ":name",
    "\n\t",
    "\u202e",
]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - zones are given


def read(database: Database, kind: str, literal: str) -> list[object]:
    with database.begin() as connection:
        found: list[object] = connection.scalar(sa.text(f"SELECT CAST(:given AS {kind}[])"), {"given": literal})
        return found


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(TEXTS | st.none()))
def test_texts_come_back(database: Database, values: list[str | None]) -> None:
    assert read(database, "text", text_array(values)) == values
    known = [value for value in values if value is not None]
    assert read(database, "text", text_array(known)) == known


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_comes_back(database: Database, text: str) -> None:
    assert read(database, "text", text_array([text, None, text])) == [text, None, text]
    assert read(database, "text", text_array([text])) == [text]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_numbers_come_back(database: Database, values: list[int | None]) -> None:
    assert read(database, "bigint", number_array(values)) == values


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(TIMES))
def test_times_come_back(database: Database, values: list[datetime]) -> None:
    assert read(database, "timestamptz", time_array(values)) == values
