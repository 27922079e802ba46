"""The interface of a file of one relation in any format: its header, its rows, and the progress of reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.errors import ImportRefused
from warmline.commands.import_data.columns import COLUMNS, OPTIONAL
from warmline.commands.import_data.row_checks import BadRow, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a header."""

    places: list[int | None]  # of each column of `COLUMNS` in the header; None: absent
    absent: frozenset[str]
    unread: list[str]  # names that are not in the contract


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProgress:
    """The progress of reading a file, in bytes or rows."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """A row of the file: its values in the order of `COLUMNS`, or why it could not be read."""

    line: int  # its first line; in Parquet the number of the row
    values: list[Value] | BadRow


class RowFile(Protocol):
    """A file of one relation whose header was read and is valid."""

    relation: str
    path: Path
    columns: Columns

    def rows(self) -> Iterator[RawRow]:
        """Yield all rows; may be called once."""
        ...

    def progress(self) -> ReadProgress:
        """The progress of `rows`."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def read_header(relation: str, path: Path, header: list[str]) -> Columns:
    """Find the relation's columns.

    Raises:
        ImportRefused: a column is missing, occurs twice, or is spelt differently.
    """
    wanted = list(COLUMNS[relation])
    twice = sorted({name for name in wanted if header.count(name) > 1})
    if twice:
        raise ImportRefused(f"{path}: the header names {', '.join(twice)} twice; leave one")
    if not any(header):
        raise ImportRefused(
            f"{path}: is empty, expected a header with {', '.join(wanted)}; remove it if it has no rows"
        )
    missing = [name for name in wanted if name not in header]
    unread = [name for name in header if name not in wanted]
    like = {name: given for name in missing for given in unread if _plain(given) == _plain(name)}
    if like:
        renamed = ", ".join(f"{given} to {name}" for name, given in like.items())
        raise ImportRefused(f"{path}: column names are written in small letters with underscores; rename {renamed}")
    lacking = [name for name in missing if name not in OPTIONAL[relation]]
    if lacking:
        got = ", ".join(header)[:200]
        raise ImportRefused(f"{path}: lacks the column {', '.join(lacking)}; got {got}, expected {relation} to have it")
    return Columns(
        places=[header.index(name) if name in header else None for name in wanted],
        absent=frozenset(missing),
        unread=unread,
    )


def _plain(name: str) -> str:
    """Normalise the spelling of a name: CreatedAt, created-at and CREATED_AT are equal."""
    return "".join(mark for mark in name.lower() if mark.isalnum())
