"""Reads a relation from CSV, line by line; a row that is no CSV is reported and the ones after it still come."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from shared.errors import ImportRefused
from warmline.row_checks import BAD_QUOTING, WRONG_FIELDS, BadRow, Value
from warmline.row_files import Progress, RawRow, places_of_columns

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class CsvRows:
    """A CSV file: UTF-8 (with or without its mark), any line ends, a header; an empty field is null."""

    def __init__(self, relation: str, path: Path) -> None:
        """Open the file and read its header.

        Raises:
            ImportRefused: a column is missing, or it is not UTF-8 at all.
        """
        self.relation = relation
        self.path = path
        self._size = path.stat().st_size
        with path.open("rb") as start:
            if start.read(2) in _UTF16_MARKS:
                raise ImportRefused(f"{path}: got UTF-16, expected UTF-8; save it anew")
        # Bytes that are no UTF-8 pass as lone surrogates, so that only their row is refused.
        self._raw = path.open("rb")
        self._file = io.TextIOWrapper(self._raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._lines = _Lines(self._file)
        self._reader = csv.reader(self._lines, strict=True)
        try:
            header = [name.strip() for name in next(self._reader, [])]
            self._places = places_of_columns(relation, path, header)
        except csv.Error as error:
            self.close()
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
                self._lines.give_back()  # what it swallowed after its first line may be good
                yield RawRow(line=line, values=BadRow(BAD_QUOTING, f"{error}; is a quotation mark not closed?"))
                self._lines.begin_row()
                continue
            if fields is None:
                return
            if fields:  # else an empty line
                yield RawRow(line=line, values=self._values(fields))
            self._lines.begin_row()

    def progress(self) -> Progress:
        return Progress(done=min(self._raw.tell(), self._size), total=self._size)

    def close(self) -> None:
        self._file.close()

    def _values(self, fields: list[str]) -> list[Value] | BadRow:
        if len(fields) != self._width:
            return BadRow(WRONG_FIELDS, f"got {len(fields)} fields, expected {self._width} as in the header")
        return [None if place is None else fields[place] or None for place in self._places]


class _Lines:
    """The lines of a file, counted; those after the first of a row can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 0  # lines before the present row
        self._lines = lines
        self._back: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self._taken.append(line)
        return line

    def begin_row(self) -> None:
        """The lines taken so far belong to rows that are done with."""
        self.number += len(self._taken)
        self._taken.clear()

    def give_back(self) -> None:
        """Of the lines of the present row only the first is done with."""
        self._back.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
