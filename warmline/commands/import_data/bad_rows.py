"""Accounts for the rows that were left out: all counted, the first ones kept, all written where a report is wanted."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from shared.errors import ImportRefused
from warmline.commands.import_data.row_checks import BadRow

KEPT = 20  # bad rows that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row that was left out."""

    file: str
    line: int
    reason: str
    detail: str


class BadRows:
    """The bad rows of one import; as a context manager it closes the report at the end."""

    def __init__(self, report: Path | None) -> None:
        """Begin, and begin the report.

        Raises:
            ImportRefused: the report cannot be written; better known before the rows are gone by.
        """
        self.reasons: Counter[str] = Counter()
        self.examples: list[Example] = []
        self._file: TextIO | None = None
        if report is not None:
            try:
                self._file = report.open("w", encoding="utf-8", newline="")
            except OSError as error:
                raise ImportRefused(f"--report {report}: cannot be written: {error.strerror}") from error
            self._report = csv.writer(self._file)
            self._report.writerow(("file", "line", "reason", "detail"))

    @property
    def count(self) -> int:
        """How many rows were left out."""
        return self.reasons.total()

    def add(self, file: str, line: int, row: BadRow) -> None:
        """Note a row."""
        self.reasons[row.reason] += 1
        if len(self.examples) < KEPT:
            self.examples.append(Example(file=file, line=line, reason=row.reason, detail=str(row)))
        if self._file is not None:
            self._report.writerow((file, line, row.reason, str(row)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
