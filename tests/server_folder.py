"""Where the embedded servers of a test session keep their data: in memory where there is room, else on the disk.

Hundreds of tests copy a database, which is some 300 files: 30 ms in memory, and 100 to 500 ms on a busy disk.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # Linux; containers often have 64 MB there
ROOM_BYTES = 4 << 30  # one session takes up to half a gigabyte
PREFIX = "warmline-tests-"
ABANDONED_SECONDS = 3600.0


@contextmanager
def server_folder(memory: Path = MEMORY) -> Iterator[Path]:
    """A folder that goes with the block."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=memory if _has_room(memory) else None) as folder:
        _remove_abandoned(memory)
        yield Path(folder)


def _has_room(memory: Path) -> bool:
    return memory.is_mount() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES


def _remove_abandoned(memory: Path) -> None:
    """Give back the memory of sessions that were killed: their locks went with them."""
    for folder in memory.glob(f"{PREFIX}*"):
        with suppress(OSError):  # in use, another user's, or gone by now
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                with (folder / "launcher.lock").open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
