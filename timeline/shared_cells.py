"""Numbers that several timeline processes (`WARMLINE_WORKERS`) have in common memory, and a lock for all of them."""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

COUNTERS = 256  # numbers that each process counts in
_ERASURES, _BEATS = COUNTERS, COUNTERS + 1
_CELLS, _CELL_BYTES = COUNTERS + 2, 8


class SharedCells:
    """Numbers in memory that forked processes have in common: each writes its own row, everybody reads all."""

    def __init__(self, rows: int) -> None:
        cells = memoryview(mmap.mmap(-1, rows * _CELLS * _CELL_BYTES)).cast("d")
        self._lock = _file_without_a_name() if rows > 1 else None
        self._rows = [cells[index * _CELLS : (index + 1) * _CELLS] for index in range(rows)]

    def counters(self, index: int) -> "memoryview[float]":
        """The counters of one process; there are `COUNTERS` of them."""
        return self._rows[index][:COUNTERS]

    def sums(self) -> Sequence[float]:
        """The counters of all processes together."""
        return [sum(column) for column in zip(*self._rows, strict=True)][:COUNTERS]

    def note_erasure(self, index: int) -> None:
        """A user was erased through this process."""
        self._rows[index][_ERASURES] += 1

    def erasures_elsewhere(self, index: int) -> float:
        """How many users were erased through the other processes."""
        return sum(row[_ERASURES] for other, row in enumerate(self._rows) if other != index)

    def beat(self, index: int) -> None:
        """A process gives a sign of life."""
        self._rows[index][_BEATS] += 1

    def beats(self, index: int) -> float:
        """The signs of life that a process has given since it started; 0 until it serves."""
        return self._rows[index][_BEATS]

    def forget_beats(self, index: int) -> None:
        """Another process takes the place of this one."""
        self._rows[index][_BEATS] = 0

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
