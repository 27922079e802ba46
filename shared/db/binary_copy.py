"""Binary COPY from PostgreSQL into numpy columns, block by block."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from shared.errors import SourceError

_COPY_HEAD = 19  # bytes: signature, flags, length of the header's extension (0)
_COPY_END = b"\xff\xff"
_BLOCK = 1 << 20


def copy_binary(connection: sa.Connection, query: str, fields: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """The result of a query as numpy columns in native byte order. All columns have a fixed width and no nulls.

    Args:
        connection: to PostgreSQL.
        query: with its columns in the order of the fields.
        fields: name → numpy type of the bytes, big-endian.
    """
    sink = _BinarySink(fields)
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", sink, _BLOCK)
    finally:
        cursor.close()
    return sink.columns()


def joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Several columns joined to one; nothing is copied if only one of them is not empty."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    return filled[0] if len(filled) == 1 else np.concatenate(filled)


class _BinarySink:
    """Reads PostgreSQL's binary COPY stream as fixed-width records, block by block.

    Only the values are kept: with its counts and lengths the stream is nearly twice as large.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        layout = [("count", ">i2")]
        for name, kind in fields.items():
            layout += [(f"{name}_length", ">i4"), (name, kind)]
        self._record = np.dtype(layout)
        self._kept: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in fields}
        self._bytes = bytearray()
        self._start = _COPY_HEAD  # of the first record in the bytes

    def write(self, block: bytes) -> int:
        self._bytes += block
        if len(self._bytes) > _BLOCK:
            self._keep((len(self._bytes) - self._start - len(_COPY_END)) // self._record.itemsize)
        return len(block)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        size = len(self._bytes) - self._start - len(_COPY_END)
        if size < 0 or size % self._record.itemsize or self._bytes[-len(_COPY_END) :] != _COPY_END:
            raise SourceError(
                f"COPY: got {size} bytes at the end, expected a multiple of {self._record.itemsize}; a column is null?"
            )
        self._keep(size // self._record.itemsize)
        # Popped, so that its parts are freed before the next column is joined.
        return {name: joined(self._kept.pop(name)) for name in list(self._kept)}

    def _keep(self, count: int) -> None:
        rows = np.frombuffer(self._bytes, self._record, count=count, offset=self._start)
        for name, parts in self._kept.items():
            parts.append(rows[name].astype(rows.dtype[name].newbyteorder("=")))
        self._check(rows)
        rest = self._start + count * self._record.itemsize
        del rows  # it refers to the bytes, which could not be shortened
        del self._bytes[:rest]
        self._start = 0

    def _check(self, rows: npt.NDArray[Any]) -> None:
        """A null is shorter, so everything after it would be misread."""
        for name in self._kept:
            width = self._record[name].itemsize
            if (rows[f"{name}_length"] != width).any():
                raise SourceError(f"COPY: a column is null, or not {width} bytes wide")
