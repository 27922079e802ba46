"""Finds the files of the four relations in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.errors import ImportRefused
from warmline.import_columns import COLUMNS, OPTIONAL, RELATIONS
from warmline.row_checks import BadRow, Value

SUFFIXES = (".csv", ".parquet")
# Endings of files that somebody may have meant to be read.
DATA_SUFFIXES = (*SUFFIXES, ".tsv", ".tab", ".gz", ".zip", ".bz2", ".xz", ".zst", ".json", ".jsonl", ".ndjson", ".xlsx",
                 ".sql")  # fmt: skip
PACKED = {".gz": "gunzip", ".zip": "unzip", ".bz2": "bunzip2", ".xz": "unxz", ".zst": "unzstd"}


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
    columns: "Columns"

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
    files = {path.name: path for path in _files(folder)}
    found: dict[str, Path] = {}
    for relation in RELATIONS:
        there = [files[name] for suffix in SUFFIXES if (name := f"{relation}{suffix}") in files]
        if len(there) > 1:
            raise ImportRefused(f"{folder}: holds {' and '.join(path.name for path in there)}; leave one of them")
        if there:
            found[relation] = there[0]
    misnamed = [said for name in sorted(files) if (said := _misnamed(name))]
    if misnamed:
        raise ImportRefused(*(f"{folder}: {said}" for said in misnamed))
    if not found:
        raise ImportRefused(f"{folder}: got none of the four files, expected some of {_NAMES} (or .parquet)")
    return found


def unread_files(folder: Path) -> list[str]:
    """What to say of files that look like data and are none of the four, each in a sentence."""
    known = {path.name for path in find_files(folder).values()}
    return [
        f"{path.name} is not read: expected names are {_NAMES} (or .parquet)"
        for path in _files(folder)
        if path.name not in known and path.suffix.lower() in DATA_SUFFIXES
    ]


_NAMES = ", ".join(f"{relation}.csv" for relation in RELATIONS)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        raise ImportRefused(f"{folder}: got a file, expected the folder that it lies in")
    if not folder.is_dir():
        raise ImportRefused(f"{folder}: got no such folder, expected one with users.csv, posts.csv, …")
    try:
        return sorted(path for path in folder.iterdir() if not path.is_dir())  # a pipe is told of when it is opened
    except OSError as error:
        raise ImportRefused(f"{folder}: cannot be read: {error.strerror or error}") from error


def _misnamed(name: str) -> str | None:
    """What to do about a file that is surely meant to be one of the four, and would not be read."""
    stem, _, ending = name.partition(".")
    relation = next((each for each in RELATIONS if stem.lower().rstrip("s") == each.rstrip("s")), None)
    last = f".{ending.rpartition('.')[2]}".lower()
    if relation is None or name in (f"{relation}{suffix}" for suffix in SUFFIXES) or last not in DATA_SUFFIXES:
        return None
    if last in PACKED:
        return f"got {name}, which is packed; unpack it first ({PACKED[last]}) to {relation}.csv or {relation}.parquet"
    if last in SUFFIXES:
        return f"got {name}, expected {relation}{last}; rename it"
    if last in (".tsv", ".tab"):
        return f"got {name}, expected {relation}.csv; rename it, and say --delimiter tab"
    return f"got {name}, expected {relation}.csv or {relation}.parquet; write it anew in one of these formats"


def open_files(folder: Path, *, delimiter: str = ",") -> list[RowFile]:
    """Open what there is, in the order in which it is imported.

    Args:
        folder: where they are.
        delimiter: what separates the fields of CSV.

    Raises:
        ImportRefused: one line for each file that cannot be read or lacks a column. Nothing was written then.
    """
    from warmline.csv_rows import CsvRows
    from warmline.parquet_rows import ParquetRows

    opened: list[RowFile] = []
    refused: list[str] = []
    for relation, path in find_files(folder).items():
        try:
            opened.append(
                CsvRows(relation, path, delimiter=delimiter) if path.suffix == ".csv" else ParquetRows(relation, path)
            )
        except ImportRefused as error:
            refused += error.lines
        except OSError as error:
            refused.append(f"{path}: cannot be read: {error.strerror or error}")
    if refused:
        for each in opened:
            each.close()
        raise ImportRefused(*refused)
    return opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a header says."""

    places: list[int | None]  # of each column of `COLUMNS` in the header; None: it is not there
    absent: frozenset[str]
    unread: list[str]  # names that the contract does not know


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
