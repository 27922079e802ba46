"""Reads a relation from Parquet, a batch of rows at a time."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shared.errors import ImportRefused
from shared.files.untrusted_files import open_untrusted
from warmline.commands.import_data.columns import COLUMNS
from warmline.commands.import_data.row_checks import TOO_LONG, BadRow, Value
from warmline.commands.import_data.row_file import RawRow, ReadProgress, read_header

_BATCH_ROWS = 10_000
_MAX_COLUMN_BYTES = 1024**3  # of one row group; a million rows of long captions have a tenth of it
_MAX_TEXT = 131_072  # bytes; in CSV characters
_CUT = "\0"  # stands for a text that is too long; valid texts cannot contain it
_TIMES = ("created_at", "deleted_at", "first_at", "expires_at")
_FLAGS = ("suspended", "sensitive")
_LISTS = ("tags", "image_urls")


class ParquetRows:
    """A Parquet file; `line` is the number of the row, from 1."""

    def __init__(self, relation: str, path: Path) -> None:
        """Open the file and compare its columns and types with the contract.

        Raises:
            ImportRefused: it is not a Parquet file, or a column is missing or of an unusable type.
        """
        self.relation = relation
        self.path = path
        self._done = 0
        self._opened = open_untrusted(path, below=path.parent)
        try:
            self._file = pq.ParquetFile(self._opened)
        except (pa.ArrowException, OSError) as error:
            self._opened.close()
            raise ImportRefused(f"{path}: is no readable Parquet file: {_line(error)}") from error
        try:
            schema = self._file.schema_arrow
            self.columns = read_header(relation, path, schema.names)
            self._names = [name for name in COLUMNS[relation] if name in schema.names]
            wrong = [_refusal(schema.field(name)) for name in self._names]
            if any(wrong):
                raise ImportRefused(f"{path}: {'; '.join(filter(None, wrong))}")
            self._refuse_large_groups()
        except ImportRefused:
            self.close()
            raise
        # Dictionary-encoded, a text that occurs in a million rows is in memory once.
        texts = [name for name in self._names if _is_text(schema.field(name).type)]
        self._file = pq.ParquetFile(self._opened, metadata=self._file.metadata, read_dictionary=texts)

    def rows(self) -> Iterator[RawRow]:
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, columns=self._names):
                columns = {name: _values(batch.column(name), is_time=name in _TIMES) for name in self._names}
                nulls: list[Value] = [None] * batch.num_rows
                for values in zip(*(columns.get(name, nulls) for name in COLUMNS[self.relation]), strict=True):
                    self._done += 1
                    yield RawRow(line=self._done, values=_too_long() if _CUT in values else list(values))
        except MemoryError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise ImportRefused(f"{self.path}: is damaged after row {self._done:,}: {_line(error)}") from error

    def progress(self) -> ReadProgress:
        return ReadProgress(done=self._done, total=self._file.metadata.num_rows)

    def close(self) -> None:
        self._file.close()
        self._opened.close()

    def _refuse_large_groups(self) -> None:
        """Refuse large row groups: a column is decompressed page by page, and one page may hold all of it."""
        described = self._file.metadata
        for number in range(described.num_row_groups):
            group = described.row_group(number)
            size = max((group.column(place).total_uncompressed_size for place in range(group.num_columns)), default=0)
            if size > _MAX_COLUMN_BYTES:
                raise ImportRefused(
                    f"{self.path}: a column of its row group {number + 1} has {size:,} bytes, expected at most"
                    f" {_MAX_COLUMN_BYTES:,}; write it with smaller row groups"
                )


def _refusal(field: Any) -> str | None:
    """Why a column's type is unusable; None if it is usable."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_null(kind) or _is_text(kind):
        return None
    if field.name in _TIMES:
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            return None
        return f"{field.name}: got {kind}, expected a timestamp with a time zone (or text with one)"
    # Numeric ids are integers here and digits in CSV: both are the same id.
    if pa.types.is_integer(kind) and field.name.endswith("id"):
        return None
    if field.name in _LISTS and _is_list(kind):
        return None if _is_text(kind.value_type) else f"{field.name}: got {kind}, expected a list of texts"
    if field.name in _FLAGS:
        return None if pa.types.is_boolean(kind) else f"{field.name}: got {kind}, expected true and false (or text)"
    return f"{field.name}: got {kind}, expected text"


def _values(column: Any, *, is_time: bool) -> list[Value]:
    if pa.types.is_null(column.type):
        return [None] * len(column)
    if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
        texts = _texts(column.dictionary)
        return [None if place is None else texts[place] for place in column.indices.to_pylist()]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        return _texts(column)
    if _is_list(column.type):
        return _json_arrays(column)
    if is_time:
        # Read as numbers: a time out of Python's range would fail the whole batch. Nanoseconds are cut off.
        micros: list[Value] = column.cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.int64()).to_pylist()
        return micros
    return [None if value is None else str(value) for value in column.to_pylist()]


def _json_arrays(column: Any) -> list[Value]:
    """Lists of texts as JSON arrays, without nulls in them."""
    texts = iter(_texts(column.flatten()))
    lengths = pc.list_value_length(column).to_pylist()
    return [None if n is None else json.dumps([text for text in islice(texts, n) if text]) for n in lengths]


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _texts(column: Any) -> list[Value]:
    """Read as bytes first: otherwise one value with invalid UTF-8 would fail the whole batch."""
    texts = column.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()
    return [None if text is None else _text(text) for text in texts]


def _text(text: bytes) -> str | None:
    return _CUT if len(text) > _MAX_TEXT else text.decode("utf-8", "surrogateescape") or None


def _too_long() -> BadRow:
    return BadRow(TOO_LONG, f"got a field of more than {_MAX_TEXT:,} bytes; shorten it")


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
