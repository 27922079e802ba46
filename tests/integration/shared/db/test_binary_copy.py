"""Binary COPY into columns: complete across block boundaries, refused if a column is null, equal to the SQL result."""

import numpy as np
import pytest

from shared.db.binary_copy import copy_binary, joined
from shared.db.engine import Database
from shared.db.timestamps import seconds_sql
from shared.errors import SourceError

MANY = 120_000  # rows of 42 bytes: several blocks of a megabyte
FIELDS = {"number": ">i8", "small": ">i2", "half": ">f8"}


def test_rows_arrive_whole_and_in_order_over_several_blocks(database: Database) -> None:
    query = f"SELECT n::int8, (n % 7)::int2, n / 2.0::float8 FROM generate_series(1, {MANY}) AS n ORDER BY n"
    with database.begin() as connection:
        found = copy_binary(connection, query, FIELDS)
    numbers = np.arange(1, MANY + 1)
    assert np.array_equal(found["number"], numbers)
    assert np.array_equal(found["small"], numbers % 7)
    assert np.array_equal(found["half"], numbers / 2.0)
    assert [found[name].dtype for name in FIELDS] == [np.int64, np.int16, np.float64]
    assert all(column.dtype.isnative for column in found.values())


@pytest.mark.parametrize("null_at", [1, MANY // 2, MANY])
def test_a_null_anywhere_is_refused(database: Database, null_at: int) -> None:
    query = f"SELECT nullif(n, {null_at})::int8, 1::int2, 1::float8 FROM generate_series(1, {MANY}) AS n"
    with database.begin() as connection, pytest.raises(SourceError, match="a column is null"):
        copy_binary(connection, query, FIELDS)


def test_two_nulls_as_long_as_a_row_are_refused(database: Database) -> None:
    # Eleven nulls of eight bytes are as short as four records are long.
    query = "SELECT CASE WHEN n > 11 THEN n END::int8, 1::int2, 1::float8 FROM generate_series(1, 100) AS n"
    with database.begin() as connection, pytest.raises(SourceError, match="a column is null"):
        copy_binary(connection, query, FIELDS)


def test_seconds_are_exactly_those_that_extract_gives(database: Database) -> None:
    times = "SELECT timestamptz '1970-01-01' + n * interval '12345.678901 s' FROM generate_series(0, 100000) AS n"
    query = f"SELECT extract(epoch FROM t)::float8, {seconds_sql('t')} FROM ({times}) AS times(t)"
    with database.begin() as connection:
        found = copy_binary(connection, query, {"extract": ">f8", "ours": ">f8"})
    assert np.array_equal(found["extract"], found["ours"])


def test_a_column_beside_empty_ones_is_not_copied() -> None:
    column, nothing = np.arange(3), np.empty(0, np.int64)
    assert joined([nothing, column, nothing]) is column
    assert joined([column, column]).tolist() == [0, 1, 2, 0, 1, 2]
    assert joined([nothing]).shape == (0,)
