"""Rows as PostgreSQL's binary COPY takes them, packed for a whole block at once. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.world.shape import Floats

HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = b"\xff\xff"
EPOCH = 946_684_800  # 2000-01-01, from which PostgreSQL counts microseconds

Field = npt.NDArray[Any] | bytes | None


def packed(n: int, fields: Sequence[Field]) -> bytes:
    """A whole COPY of n rows.

    Args:
        n: rows.
        fields: columns: an array of (n, width) bytes, one of n values whose bytes are big-endian, the same bytes
            for every row, or None for null.
    """
    arrays = [_bytes_of(n, field) for field in fields]
    layout: list[Any] = [("fields", ">i2")]
    for index, array in enumerate(arrays):
        layout.append((f"length{index}", ">i4"))
        if array is not None:
            layout.append((f"value{index}", "u1", (array.shape[1],)))
    rows = np.zeros(n, np.dtype(layout))
    rows["fields"] = len(fields)
    for index, array in enumerate(arrays):
        rows[f"length{index}"] = -1 if array is None else array.shape[1]
        if array is not None:
            rows[f"value{index}"] = array
    return HEAD + rows.tobytes() + END


def times(seconds: Floats) -> npt.NDArray[Any]:
    """A column of `timestamptz`."""
    return np.rint((seconds - EPOCH) * 1e6).astype(">i8")


def _bytes_of(n: int, field: Field) -> npt.NDArray[np.uint8] | None:
    """(n, width)"""
    if field is None:
        return None
    if isinstance(field, bytes):
        return np.broadcast_to(np.frombuffer(field, np.uint8), (n, len(field)))
    if field.dtype == np.uint8 and field.ndim == 2:
        return field
    return np.ascontiguousarray(field).view(np.uint8).reshape(n, field.itemsize)
