"""Reads a relation from CSV line by line; a malformed row is reported, and the rows after it are still read."""

import csv
import io
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from shared.errors import ImportRefused
from shared.files.untrusted_files import open_untrusted
from warmline.commands.import_data.columns import COLUMNS
from warmline.commands.import_data.row_checks import BAD_QUOTING, TOO_LONG, WRONG_FIELDS, BadRow, Value
from warmline.commands.import_data.row_file import RawRow, ReadProgress, read_header

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEAD_BYTES = 4096
MAX_LINE = 10_000_000  # characters; a field has 131,072 at most, and a relation six of them
# The first bytes of files that are no text, whatever their name says.
_OTHERS = {
    b"\xff\xfe": "UTF-16, expected UTF-8; save it anew",
    b"\xfe\xff": "UTF-16, expected UTF-8; save it anew",
    b"\x1f\x8b": "a gzip file, expected CSV; unpack it first (gunzip)",
    b"PK": "a zip or Excel file, expected CSV; save it as CSV in UTF-8",
    b"PAR1": "a Parquet file, expected CSV; name it .parquet",
}
_NUL = "bytes that are no text (UTF-16, perhaps), expected UTF-8; save it anew"


class CsvRows:
    """A CSV file: UTF-8 (with or without a BOM), any line ends, a header; an empty field is null."""

    def __init__(self, relation: str, path: Path, *, delimiter: str = ",") -> None:
        """Open the file and read its header.

        Args:
            relation: of its rows.
            path: of the file.
            delimiter: between fields.

        Raises:
            ImportRefused: a column is missing, or the file is not UTF-8.
        """
        self.relation = relation
        self.path = path
        # Invalid UTF-8 becomes lone surrogates, so that only its row is rejected.
        self._raw = open_untrusted(path, below=path.parent)
        self._file = io.TextIOWrapper(self._raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._size = os.fstat(self._raw.fileno()).st_size
        head = self._raw.peek(_HEAD_BYTES)
        other = next((said for mark, said in _OTHERS.items() if head.startswith(mark)), None)
        if other or b"\0" in head.partition(b"\n")[0]:
            self.close()
            raise ImportRefused(f"{path}: got {other or _NUL}")
        self._lines = _Lines(self._file)
        self._reader = csv.reader(self._lines, strict=True, delimiter=delimiter)
        try:
            header = [name.strip() for name in next(self._reader, [])]
            _refuse_delimiter(relation, path, header, delimiter)
            self.columns = read_header(relation, path, header)
        except csv.Error as error:
            self.close()
            _refuse_delimiter(relation, path, [self._lines.first], delimiter)
            raise ImportRefused(f"{path}: the header is no CSV: {error}") from error
        except ImportRefused:
            self.close()
            raise
        self._width = len(header)
        self._lines.begin_row()

    def rows(self) -> Iterator[RawRow]:
        while True:
            line = self._lines.number + 1
            try:
                fields = next(self._reader, None)
            except csv.Error as error:
                reason = _LONG_LINE if self._lines.is_cut else _broken(error, self._lines.first)
                self._lines.give_back()  # the lines after its first one may be good rows
                yield RawRow(line=line, values=reason)
                self._lines.begin_row()
                continue
            if fields is None:
                return
            if fields:  # else the line is empty
                yield RawRow(line=line, values=self._values(fields))
            self._lines.begin_row()

    def progress(self) -> ReadProgress:
        return ReadProgress(done=min(self._raw.tell(), self._size), total=self._size)

    def close(self) -> None:
        self._file.close()

    def _values(self, fields: list[str]) -> list[Value] | BadRow:
        if self._lines.is_cut:
            return _LONG_LINE
        if len(fields) != self._width:
            return BadRow(WRONG_FIELDS, f"got {len(fields)} fields, expected {self._width} as in the header")
        return [None if place is None else fields[place] or None for place in self.columns.places]


def _refuse_delimiter(relation: str, path: Path, header: list[str], delimiter: str) -> None:
    """Refuse the file if its header is only valid with another delimiter."""
    if len(header) != 1:
        return
    for other, name in DELIMITERS.items():
        names = [each.strip(' "\r\n') for each in header[0].split(other)]
        if other != delimiter and len(names) > 1 and set(names) & COLUMNS[relation].keys():
            got, said = DELIMITERS.get(delimiter, delimiter), "tab" if other == "\t" else f"'{other}'"
            raise ImportRefused(
                f"{path}: its fields are separated by a {name}, expected a {got}; say --delimiter {said}"
            )


def _broken(error: csv.Error, first_line: str) -> BadRow:
    limit = csv.field_size_limit()
    if len(first_line) > limit:  # else the row is so long because a quotation mark was not closed
        return BadRow(TOO_LONG, f"got a field of more than {limit:,} characters; shorten it")
    return BadRow(BAD_QUOTING, f"{error}; is a quotation mark not closed?")


_LONG_LINE = BadRow(TOO_LONG, f"got a line of more than {MAX_LINE:,} characters; shorten it")


class _Lines:
    """Counts the lines of a file; the lines after the first of a row can be given back."""

    def __init__(self, file: TextIO) -> None:
        self.number = 0  # lines before the current row
        self.is_cut = False  # whether a line of the current row was too long and cut
        self._file = file
        self._back: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._read()
        if not line:
            raise StopIteration
        self._taken.append(line)
        return line

    def _read(self) -> str:
        """The next line, or its beginning: a file without line ends is not read into memory."""
        line = piece = self._file.readline(MAX_LINE)
        while len(piece) == MAX_LINE and not piece.endswith(("\r", "\n")):
            self.is_cut = True
            piece = self._file.readline(MAX_LINE)
        return line

    @property
    def first(self) -> str:
        """The first line of the current row."""
        return self._taken[0]

    def begin_row(self) -> None:
        """Begin a row: all lines read so far belong to earlier rows."""
        self.number += len(self._taken)
        self._taken.clear()
        self.is_cut = False

    def give_back(self) -> None:
        """Give back all lines of the current row but the first."""
        self._back.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
