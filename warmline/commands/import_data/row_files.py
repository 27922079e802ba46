"""Finds the files of the relations in a folder."""

from pathlib import Path

from shared.errors import ImportRefused
from warmline.commands.import_data.columns import RELATIONS
from warmline.commands.import_data.row_file import RowFile

SUFFIXES = (".csv", ".parquet")
# Extensions of files that were probably intended as data.
DATA_SUFFIXES = (*SUFFIXES, ".tsv", ".tab", ".gz", ".zip", ".bz2", ".xz", ".zst", ".json", ".jsonl", ".ndjson", ".xlsx",
                 ".sql")  # fmt: skip
PACKED = {".gz": "gunzip", ".zip": "unzip", ".bz2": "bunzip2", ".xz": "unxz", ".zst": "unzstd"}


def find_files(folder: Path) -> dict[str, Path]:
    """The files of the relations in a folder.

    Raises:
        ImportRefused: the folder is missing, has none of the files, or has two files of a relation.
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
        raise ImportRefused(f"{folder}: got none of these files, expected some of {_NAMES} (or .parquet)")
    return found


def unread_files(folder: Path) -> list[str]:
    """A sentence for each file that looks like data but is none of these."""
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
        return sorted(path for path in folder.iterdir() if not path.is_dir())  # a pipe is reported when it is opened
    except OSError as error:
        raise ImportRefused(f"{folder}: cannot be read: {error.strerror or error}") from error


def _misnamed(name: str) -> str | None:
    """What to do about a file that is probably intended as one of these, but would not be read."""
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
    """Open the files in the order of their import.

    Args:
        folder: of the files.
        delimiter: between fields of CSV.

    Raises:
        ImportRefused: one line for each file that cannot be read or lacks a column; nothing was written.
    """
    from warmline.commands.import_data.csv_rows import CsvRows
    from warmline.commands.import_data.parquet_rows import ParquetRows

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
