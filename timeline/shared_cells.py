"""Numbers that several timeline processes (`WARMLINE_WORKERS`) have in common memory, and a lock for all of them."""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

CELLS = 128  # numbers that each process keeps for all to read
_CELL_BYTES = 8


class SharedCells:
    """Numbers in memory that forked processes have in common: each writes its own row, everybody reads all."""

    def __init__(self, rows: int) -> None:
        cells = memoryview(mmap.mmap(-1, rows * CELLS * _CELL_BYTES)).cast("d")
        self._lock = _file_without_a_name() if rows > 1 else None
        self._rows = [cells[index * CELLS : (index + 1) * CELLS] for index in range(rows)]

    def row(self, index: int) -> "memoryview[float]":
        """A process's own."""
        return self._rows[index]

    def sums(self) -> Sequence[float]:
        """Of all rows."""
        return [sum(column) for column in zip(*self._rows, strict=True)]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process at a time; let go when it dies. Its threads have to agree among themselves."""
        if self._lock is None:
            yield
            return
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)


def _file_without_a_name() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
