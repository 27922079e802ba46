"""Finds the files of the four relations in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.db.engine import RELATIONS
from shared.db.imports import COLUMNS
from shared.db.relations import CONTRACT
from shared.errors import ImportRefused
from warmline.row_checks import BadRow, Value

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
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

    def rows(self) -> Iterator[RawRow]:
        """Its rows from the first to the last; may be called once."""
        ...

    def progress(self) -> Progress:
        """How far `rows` has come."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def find_files(folder: Path) -> dict[str, Path]:
    """The file of each relation that the folder has.

    Raises:
        ImportRefused: no such folder, none of the files, or a relation twice.
    """
    if not folder.is_dir():
        raise ImportRefused(f"{folder}: got no such folder, expected one with users.csv, posts.csv, …")
    found: dict[str, Path] = {}
    for relation in RELATIONS:
        there = [path for suffix in SUFFIXES if (path := folder / f"{relation}{suffix}").is_file()]
        if len(there) > 1:
            raise ImportRefused(f"{folder}: holds {' and '.join(path.name for path in there)}; leave one of them")
        if there:
            found[relation] = there[0]
    if not found:
        names = ", ".join(f"{relation}.csv" for relation in RELATIONS)
        raise ImportRefused(f"{folder}: got none of the four files, expected some of {names} (or .parquet)")
    return found


def open_files(folder: Path) -> list[RowFile]:
    """Open what there is, in the order in which it is imported.

    Raises:
        ImportRefused: one line for each file that cannot be read or lacks a column. Nothing was written then.
    """
    from warmline.csv_rows import CsvRows
    from warmline.parquet_rows import ParquetRows

    opened: list[RowFile] = []
    refused: list[str] = []
    for relation, path in find_files(folder).items():
        try:
            opened.append(CsvRows(relation, path) if path.suffix == ".csv" else ParquetRows(relation, path))
        except ImportRefused as error:
            refused.append(str(error))
        except OSError as error:
            refused.append(f"{path}: cannot be read: {error.strerror or error}")
    if refused:
        for each in opened:
            each.close()
        raise ImportRefused("\n".join(refused))
    return opened


def places_of_columns(relation: str, path: Path, header: list[str]) -> list[int | None]:
    """Where in the header each column of `COLUMNS` stands; None for one that the contract does not ask for.

    Raises:
        ImportRefused: a column is missing, or stands there twice.
    """
    twice = sorted({name for name in COLUMNS[relation] if header.count(name) > 1})
    if twice:
        raise ImportRefused(f"{path}: the header names {', '.join(twice)} twice; leave one")
    missing = [name for name in CONTRACT[relation] if name not in header]
    if missing:
        got = ", ".join(header)[:200] or "an empty header"
        raise ImportRefused(f"{path}: lacks the column {', '.join(missing)}; got {got}, expected {relation} to have it")
    return [header.index(name) if name in header else None for name in COLUMNS[relation]]
