"""Files to import that somebody made to hurt: no file, no end of line, a few bytes that stand for gigabytes."""

import os
import resource
import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.errors import ImportRefused
from tests.promptly import promptly
from warmline.commands.import_data.csv_rows import MAX_LINE, CsvRows
from warmline.commands.import_data.memory_limit import memory_limit
from warmline.commands.import_data.parquet_rows import ParquetRows
from warmline.commands.import_data.row_checks import BadRow, Value
from warmline.commands.import_data.row_file import RowFile
from warmline.commands.import_data.row_files import open_files

HEADER = "id,created_at\n"
GOOD = "ann,2026-01-31T12:00:00Z\n"


def rows_of(file: RowFile) -> list[list[Value] | str]:
    """The values of each row, or why it has none."""
    try:
        return [row.values.reason if isinstance(row.values, BadRow) else row.values for row in file.rows()]
    finally:
        file.close()


NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (os.mkfifo, "got a pipe, expected a regular file"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "a link that leads out of"),
    "a link to a file of ours": (lambda path: path.symlink_to("/etc/passwd"), "a link that leads out of"),
}


@pytest.mark.parametrize("name", ["users.csv", "users.parquet"])
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_of_the_folder_is_refused_at_once(tmp_path: Path, kind: str, name: str) -> None:
    put, says = NO_FILES[kind]
    put(tmp_path / name)
    with pytest.raises(ImportRefused, match=says):
        promptly(lambda: open_files(tmp_path))


def test_a_line_without_an_end_is_one_bad_row_and_is_never_in_memory_whole(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    with path.open("w") as file:
        file.write(HEADER + GOOD)
        for _ in range(30):
            file.write("x" * (MAX_LINE // 10))
        file.write("\n" + GOOD)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    good = ["ann", "2026-01-31T12:00:00Z", None]
    assert rows_of(CsvRows("users", path)) == [good, "field too long", good]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_a_header_without_an_end_refuses_the_file(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id," * (MAX_LINE // 2) + "\n" + GOOD)
    with pytest.raises(ImportRefused):
        CsvRows("users", tmp_path / "users.csv")


def test_a_field_of_many_lines_is_one_bad_row(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(HEADER + GOOD + '"open' + "\nx" * 200_000 + "\n" + GOOD)
    found = rows_of(CsvRows("users", tmp_path / "users.csv"))
    assert found[1] == "broken quoting"
    assert found[-1] == ["ann", "2026-01-31T12:00:00Z", None]


def a_bomb(path: Path, text: str, n_rows: int) -> None:
    """One text, and numbers that say that it stands in every row."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), pa.array([text]))
    pq.write_table(pa.table({"id": texts, "created_at": ["2026-01-31T12:00:00Z"] * n_rows}), path, compression="zstd")


def test_a_text_that_stands_in_every_row_is_in_memory_once(tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    a_bomb(path, "x" * 1_000_000, 30_000)  # 30 GB in a few hundred bytes
    assert path.stat().st_size < 5_000
    with memory_limit(500_000_000):
        assert set(map(str, rows_of(ParquetRows("users", path)))) == {"field too long"}


def test_a_short_text_that_stands_in_every_row_is_read(tmp_path: Path) -> None:
    a_bomb(tmp_path / "users.parquet", "ann", 12_000)
    found = rows_of(ParquetRows("users", tmp_path / "users.parquet"))
    assert found == [["ann", "2026-01-31T12:00:00Z", None]] * 12_000


def test_a_row_group_of_more_than_a_gigabyte_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmline.commands.import_data.parquet_rows._MAX_COLUMN_BYTES", 10_000)
    path = tmp_path / "users.parquet"
    pq.write_table(
        pa.table({"id": ["x" * 20_000], "created_at": ["now"]}), path, compression="zstd", use_dictionary=False
    )
    with pytest.raises(ImportRefused, match=r"row group 1 has 2\d,\d{3} bytes, expected at most 10,000"):
        ParquetRows("users", path)


def test_what_a_file_hides_ends_at_the_memory_that_it_may_take() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(ImportRefused, match=r"takes more than 0\.5 GB of memory"), memory_limit(2**29):
        bytearray(2**31)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_schema_of_a_hundred_thousand_floors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.parquet").write_bytes(_nested(100_000))
    with pytest.raises(ImportRefused, match="no readable Parquet"):
        promptly(lambda: ParquetRows("users", tmp_path / "users.parquet"))


@pytest.mark.parametrize("length", [0, 5, 2**31 - 1, 2**32 - 1])
def test_a_footer_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "users.parquet").write_bytes(b"PAR1" + b"\x00" * 20 + struct.pack("<I", length) + b"PAR1")
    with pytest.raises(ImportRefused, match="no readable Parquet"):
        promptly(lambda: ParquetRows("users", tmp_path / "users.parquet"))


def _nested(depth: int) -> bytes:
    """A footer in Thrift's compact form: a root, groups within each other, one column."""
    group, column = b"\x35\x02\x18\x01a\x15\x02\x00", b"\x15\x0c\x25\x02\x18\x02id\x00"
    elements = b"\x48\x06schema\x15\x02\x00" + group * depth + column
    footer = b"\x15\x04\x19\xfc" + _varint(depth + 2) + elements + b"\x16\x00\x19\x0c\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
