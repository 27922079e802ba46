"""What a file of one relation is, whatever its format: its header, its rows and how far it was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.errors import ImportRefused
from warmline.commands.import_data.columns import COLUMNS, OPTIONAL
from warmline.commands.import_data.row_checks import BadRow, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a header says."""

    places: list[int | None]  # of each column of `COLUMNS` in the header; None: it is not there
    absent: frozenset[str]
    unread: list[str]  # names that the contract does not know


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProgress:
    """How far a file was read, in a unit of its own (bytes, rows)."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """A row as it stands in the file: its values in the order of `COLUMNS`, or why there are none."""

    line: int  # where it begins; in Parquet the number of the row
    values: list[Value] | BadRow


class RowFile(Protocol):
    """A file of one relation, its header read and found good."""

    relation: str
    path: Path
    columns: Columns

    def rows(self) -> Iterator[RawRow]:
        """Its rows from the first to the last; may be called once."""
        ...

    def progress(self) -> ReadProgress:
        """How far `rows` has come."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def read_header(relation: str, path: Path, header: list[str]) -> Columns:
    """Find the relation's columns.

    Raises:
        ImportRefused: a column is missing, stands there twice, or is written in another way.
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
    """A name as it is in any spelling: CreatedAt, created-at and CREATED_AT are one."""
    return "".join(mark for mark in name.lower() if mark.isalnum())
