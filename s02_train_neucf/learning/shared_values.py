"""Values that several processes read: their arrays lie in memory once, however many processes there are.

A value is pickled, for our own processes alone and never to a disk; its large arrays go to a file in memory that every
process maps. A process that writes to such an array changes its own pages only.
"""

import mmap
import os
import pickle
import sys
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

PROTOCOL = 5  # the first that hands out large buffers
SMALLEST = 16_384  # bytes of an array that is worth a place in the file
ALIGNED = 64  # bytes, of a cache line


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedValue:
    """A pickled value without its large arrays, and where in the file these are."""

    pickled: bytes
    spans: tuple[tuple[int, int], ...]  # offset and length in bytes

    @property
    def file_bytes(self) -> int:
        """Bytes of the file."""
        return max((offset + length for offset, length in self.spans), default=0)

    def unpack(self, file: int) -> Any:
        """The value, with its arrays in the file; the mapping lasts as long as an array of it."""
        if not self.spans:
            return pickle.loads(self.pickled)  # noqa: S301 - of our own process
        whole = memoryview(mmap.mmap(file, self.file_bytes, access=mmap.ACCESS_COPY))
        buffers = [whole[offset : offset + length] for offset, length in self.spans]
        return pickle.loads(self.pickled, buffers=buffers)  # noqa: S301 - the same


def pack(value: object, file: int) -> PackedValue:
    """Pickle a value, and write its large arrays to a file.

    Raises:
        OSError: the file cannot hold them.
    """
    buffers = list[pickle.PickleBuffer]()

    def stays_in_pickle(buffer: pickle.PickleBuffer) -> bool:
        if buffer.raw().nbytes < SMALLEST:
            return True
        buffers.append(buffer)
        return False

    pickled = pickle.dumps(value, protocol=PROTOCOL, buffer_callback=stays_in_pickle)
    spans, end = list[tuple[int, int]](), 0
    for buffer in buffers:
        with buffer.raw() as content:
            offset = -(-end // ALIGNED) * ALIGNED
            _write(file, content, offset)
            end = offset + content.nbytes
            spans.append((offset, content.nbytes))
    return PackedValue(pickled=pickled, spans=tuple(spans))


def file_in_memory() -> int:
    """The number of a new file that has no name and is gone with the last process that holds it.

    Not one in `/dev/shm` or `/tmp`: containers bound these to less than a night's data.
    """
    if sys.platform == "linux":
        return os.memfd_create("warmline")
    with TemporaryFile() as file:
        return os.dup(file.fileno())


def _write(file: int, content: memoryview, offset: int) -> None:
    written = 0
    while written < content.nbytes:
        written += os.pwrite(file, content[written:], offset + written)
