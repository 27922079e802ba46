"""What a timeline process shares with those beside it (`WARMLINE_WORKERS`): made before they part, in common memory."""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from shared.text.signing import SigningKeys
from timeline.http.signing_keys import signing_keys
from timeline.settings import TimelineSettings

CELLS = 128  # numbers that each process keeps for all to read
_CELL_BYTES = 8


class SharedCells:
    """Numbers in memory that forked processes have in common: each writes its own row, everybody reads all."""

    def __init__(self, rows: int) -> None:
        cells = memoryview(mmap.mmap(-1, rows * CELLS * _CELL_BYTES)).cast("d")
        self._lock = _file_without_a_name() if rows > 1 else None
        self._rows = [cells[place * CELLS : (place + 1) * CELLS] for place in range(rows)]

    def row(self, place: int) -> "memoryview[float]":
        """A process's own."""
        return self._rows[place]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One of the timeline processes."""

    place: int  # from 0
    cells: SharedCells
    keys: SigningKeys  # where none is set, made once for all

    @classmethod
    def group(cls, settings: TimelineSettings) -> list[Self]:
        """All of them, before they part."""
        cells, keys = SharedCells(settings.workers), signing_keys(settings)
        return [cls(place=place, cells=cells, keys=keys) for place in range(settings.workers)]

    @classmethod
    def alone(cls, settings: TimelineSettings) -> Self:
        """The only one in this process, as in tests and under another server."""
        return cls(place=0, cells=SharedCells(1), keys=signing_keys(settings))

    @property
    def keeps_file(self) -> bool:
        """Whether it is this one that writes the snapshot's file as time goes by."""
        return self.place == 0

    def note_erasure(self) -> None:
        """A user was erased through this process: what the others hold may still name them."""
        self.cells.row(self.place)[-1] += 1

    def erasures_elsewhere(self) -> float:
        """How many were erased through the other processes."""
        return self.cells.sums()[-1] - self.cells.row(self.place)[-1]
