"""Records rejected rows: counts all, keeps the first ones, and writes all to a report if one is wanted."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from shared.errors import ImportRefused
from warmline.commands.import_data.row_checks import BadRow

KEPT = 20  # rejected rows that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A rejected row."""

    file: str
    line: int
    reason: str
    detail: str


class BadRows:
    """The rejected rows of one import; as a context manager it closes the report at the end."""

    def __init__(self, report: Path | None) -> None:
        """Open the report.

        Raises:
            ImportRefused: the report cannot be written; it is checked before the import starts.
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
        """How many rows were rejected."""
        return self.reasons.total()

    def add(self, file: str, line: int, row: BadRow) -> None:
        """Record a row."""
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
