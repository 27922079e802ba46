"""Reading CSV: what counts as a row, where it begins, and what becomes of broken ones."""

import gzip
from pathlib import Path

import pytest

from shared.errors import ImportRefused
from warmline.commands.import_data.csv_rows import CsvRows
from warmline.commands.import_data.row_checks import BAD_QUOTING, TOO_LONG, WRONG_FIELDS, BadRow, Value

HEADER = b"id,author_id,caption,image_url,created_at,deleted_at\n"


def read(
    folder: Path, content: bytes, *, relation: str = "posts", delimiter: str = ","
) -> list[tuple[int, list[Value] | str]]:
    """Line and values, or line and reason, of each row."""
    path = folder / f"{relation}.csv"
    path.write_bytes(content)
    file = CsvRows(relation, path, delimiter=delimiter)
    try:
        return [
            (row.line, row.values.reason if isinstance(row.values, BadRow) else list(row.values)) for row in file.rows()
        ]
    finally:
        file.close()


def test_an_empty_field_is_null(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + b"p1,u1,,,now,\n") == [(2, ["p1", "u1", None, None, "now", *[None] * 5])]


def test_white_space_around_a_field_stays_for_the_check_to_refuse(tmp_path: Path) -> None:
    assert read(tmp_path, b'id,created_at\n" u3 ", now\n', relation="users") == [(2, [" u3 ", " now", None])]


def test_columns_are_found_by_name_and_others_ignored(tmp_path: Path) -> None:
    assert read(tmp_path, b"created_at,colour,id\nnow,red,u1\n", relation="users") == [(2, ["u1", "now", None])]


def test_an_event_id_is_read_where_there_is_one(tmp_path: Path) -> None:
    content = b"user_id,post_id,kind,created_at,event_id\nu1,p1,like,now,e1\n"
    assert read(tmp_path, content, relation="interactions") == [(2, ["u1", "p1", "like", "now", "e1", None])]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfid,created_at\r\nu1,now\r\n", relation="users") == [(2, ["u1", "now", None])]


def test_a_quoted_newline_belongs_to_its_row_and_lines_go_on_counting(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + b'p1,u1,"a\nb\nc",,now,\np2,u1,,,now,\n')
    assert [(line, values[2]) for line, values in rows] == [(2, "a\nb\nc"), (5, None)]


def test_an_empty_line_is_no_row(tmp_path: Path) -> None:
    assert [line for line, _ in read(tmp_path, HEADER + b"p1,u1,,,now,\n\np2,u1,,,now,\n")] == [2, 4]


def test_a_row_with_too_few_fields_is_reported_and_the_next_one_comes(tmp_path: Path) -> None:
    assert read(tmp_path, b"id,created_at\nu1\nu2,now\n", relation="users") == [
        (2, WRONG_FIELDS),
        (3, ["u2", "now", None]),
    ]


def test_an_open_quotation_mark_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + b'p1,u1,"open,,now,\np2,u1,fine,,now,\np3,u1,"also ""fine""",,now,\n')
    assert rows == [
        (2, BAD_QUOTING),
        (3, ["p2", "u1", "fine", None, "now", *[None] * 5]),
        (4, ["p3", "u1", 'also "fine"', None, "now", *[None] * 5]),
    ]


def test_an_open_quotation_mark_before_a_long_file_costs_its_own_row_only(tmp_path: Path) -> None:
    rest = b"".join(b"p%d,u1,fine,,now,\n" % number for number in range(20_000))  # more than csv's limit of a field
    rows = read(tmp_path, HEADER + b'p,u1,"open,,now,\n' + rest)
    assert rows[0] == (2, BAD_QUOTING)
    assert len(rows) == 20_001


def test_bytes_that_are_no_utf8_stay_in_their_row(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,created_at\nu\xff,now\nu2,now\n", relation="users")
    assert rows == [(2, ["u\udcff", "now", None]), (3, ["u2", "now", None])]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_read_where_it_is_named(tmp_path: Path, delimiter: str) -> None:
    content = f'id{delimiter}created_at\n"u{delimiter}1"{delimiter}now\n'.encode()
    assert read(tmp_path, content, relation="users", delimiter=delimiter) == [(2, [f"u{delimiter}1", "now", None])]


def test_a_delimiter_that_the_file_does_not_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="separated by a comma, expected a semicolon; say --delimiter ','"):
        read(tmp_path, b"id,created_at\n", relation="users", delimiter=";")


def test_what_may_be_null_may_be_absent(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,author_id,created_at\np1,u1,now\n")
    assert rows == [(2, ["p1", "u1", None, None, "now", *[None] * 5])]


def test_a_column_that_may_be_absent_is_told_in_another_spelling(tmp_path: Path) -> None:
    """Otherwise its posts would be imported as if none was deleted."""
    with pytest.raises(ImportRefused, match="rename deletedAt to deleted_at"):
        read(tmp_path, b"id,author_id,created_at,deletedAt\n")


def test_line_ends_of_old_macs_are_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, b"id,created_at\ru1,now\ru2,now\r", relation="users") == [
        (2, ["u1", "now", None]),
        (3, ["u2", "now", None]),
    ]


def test_a_field_that_is_too_long_is_no_broken_quoting_and_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + b"p1,u1," + b"x" * 140_000 + b",,now,\np2,u1,,,now,\n")
    assert rows == [(2, TOO_LONG), (3, ["p2", "u1", None, None, "now", *[None] * 5])]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty, expected a header with id, created_at, suspended; remove it if it has no rows"),
        (b"\n\n", "is empty"),
        (b"name\n", "lacks the column id, created_at; got name"),
        (b"id;created_at\n", "its fields are separated by a semicolon, expected a comma; say --delimiter ';'"),
        (
            b'\xef\xbb\xbf"id"\t"created_at"\r\n',
            "its fields are separated by a tab, expected a comma; say --delimiter tab",
        ),
        (b"ID,created_at\n", "rename ID to id"),
        (b"Id,createdAt\n", "rename Id to id, createdAt to created_at"),
        (b"id,created_at,id\n", "names id twice"),
        ("id,created_at\n".encode("utf-16"), "got UTF-16, expected UTF-8"),
        ("id,created_at\n".encode("utf-16-le"), "got bytes that are no text"),
        (gzip.compress(b"id,created_at\n", mtime=0), "got a gzip file, expected CSV; unpack it first"),
        (b"PK\x03\x04xl", "got a zip or Excel file, expected CSV"),
        (b"PAR1", "got a Parquet file, expected CSV; name it .parquet"),
        (b'"id,created_at\n', "the header is no CSV"),
    ],
)
def test_a_file_without_a_good_header_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ImportRefused, match=rf"users\.csv: .*{says}"):
        read(tmp_path, content, relation="users")
