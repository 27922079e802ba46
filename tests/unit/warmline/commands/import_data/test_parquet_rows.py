"""Reading Parquet: the same rows as from CSV, and types that cannot be meant are refused."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.errors import ImportRefused
from warmline.commands.import_data.parquet_rows import ParquetRows
from warmline.commands.import_data.row_checks import Value

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ZONED = pa.timestamp("us", tz="UTC")


def read(folder: Path, columns: dict[str, Any]) -> list[tuple[int, list[Value]]]:
    """Number and values of each row of a users file."""
    path = folder / "users.parquet"
    pq.write_table(pa.table(columns), path)
    file = ParquetRows("users", path)
    try:
        return [(row.line, list(row.values)) for row in file.rows() if isinstance(row.values, list)]
    finally:
        file.close()


def micros(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_of_any_unit_is_read(tmp_path: Path, unit: str) -> None:
    columns = {"id": ["u1"], "created_at": pa.array([AT], pa.timestamp(unit, tz="Asia/Tokyo"))}
    assert read(tmp_path, columns) == [(1, ["u1", micros(AT), None])]


def test_a_time_may_be_text(tmp_path: Path) -> None:
    assert read(tmp_path, {"id": ["u1"], "created_at": ["2026-01-31T12:00:00Z"]}) == [
        (1, ["u1", "2026-01-31T12:00:00Z", None])
    ]


def test_a_flag_is_its_word(tmp_path: Path) -> None:
    columns = {"id": ["u1", "u2", "u3"], "created_at": ["now"] * 3, "suspended": [True, False, None]}
    assert [values[2] for _, values in read(tmp_path, columns)] == ["True", "False", None]


def test_numbers_as_ids_mean_their_digits(tmp_path: Path) -> None:
    assert read(tmp_path, {"id": pa.array([7], pa.int64()), "created_at": pa.array([AT], ZONED)})[0][1][0] == "7"


def test_a_dictionary_of_texts_is_text(tmp_path: Path) -> None:
    ids = pa.array(["u1", "u1", None]).dictionary_encode()
    rows = read(tmp_path, {"id": ids, "created_at": pa.array([AT] * 3, ZONED)})
    assert [values[0] for _, values in rows] == ["u1", "u1", None]


def test_empty_text_and_a_column_without_values_are_null(tmp_path: Path) -> None:
    assert read(tmp_path, {"id": [""], "created_at": pa.nulls(1)}) == [(1, [None, None, None])]


def test_text_that_is_no_utf8_costs_no_other_row(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.binary(), 2, pa.array([b"\xff", b"u2"]).buffers()).view(pa.string())
    assert [values[0] for _, values in read(tmp_path, {"id": broken, "created_at": ["now", "now"]})] == ["\udcff", "u2"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"id": ["u1"]}, "lacks the column created_at"),
        (
            {"id": ["u1"], "created_at": pa.array([AT.replace(tzinfo=None)])},
            r"created_at: got timestamp\[us\], expected",
        ),
        ({"id": [1.5], "created_at": ["now"]}, "id: got double, expected text"),
        ({"id": ["u1"], "created_at": [5]}, "created_at: got int64, expected a timestamp"),
        ({"id": ["u1"], "created_at": ["now"], "suspended": [1]}, "suspended: got int64, expected true and false"),
    ],
)
def test_a_column_of_a_wrong_type_refuses_the_file(tmp_path: Path, columns: dict[str, Any], says: str) -> None:
    with pytest.raises(ImportRefused, match=rf"users\.parquet: .*{says}"):
        read(tmp_path, columns)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    path.write_text("id,created_at\n")
    with pytest.raises(ImportRefused, match=r"users\.parquet: is no readable Parquet file"):
        ParquetRows("users", path)
