"""Numbers that several timeline processes (`WARMLINE_WORKERS`) have in common memory, and a lock for all of them."""

import fcntl
import mmap
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

CELLS = 128  # numbers that each process keeps for all to read
_CELL_BYTES = 8
_ALIVE = -2  # the cell of the last sign of life, in seconds of the monotonic clock; 0: none yet


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

    def note_alive(self, index: int) -> None:
        """A process gives a sign of life."""
        self._rows[index][_ALIVE] = time.monotonic()

    def forget_alive(self, index: int) -> None:
        """Another process takes the place of this one."""
        self._rows[index][_ALIVE] = 0.0

    def seconds_since_alive(self, index: int) -> float:
        """How long a process has given no sign of life; 0 until it has given the first one."""
        alive = self._rows[index][_ALIVE]
        return time.monotonic() - alive if alive else 0.0

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
