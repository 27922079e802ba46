"""Whose snapshot file it is: how it begins. The timeline writes the rest; the operator's command reads this alone."""

import struct
from pathlib import Path

from shared.files.untrusted_files import open_untrusted

MAGIC, WITHOUT_OWNER = b"WLSNAP02", b"WLSNAP01"  # the latter of earlier versions
HASH_BYTES = 32
HEAD_BYTES = 256  # magic, hash, and the first part: the installation's id
LENGTH = struct.Struct("<I")


def owner_of(head: bytes) -> str:
    """The installation whose file begins so; blank when it names none."""
    start = len(MAGIC) + HASH_BYTES
    if head[: len(MAGIC)] != MAGIC or len(head) < start + LENGTH.size:
        return ""
    (length,) = LENGTH.unpack_from(head, start)
    return head[start + LENGTH.size : min(start + LENGTH.size + length, HEAD_BYTES)].decode(errors="replace")


def read_snapshot_owner(path: Path) -> str:
    """The installation that a file names; blank when it names none.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with open_untrusted(path, below=path.parent) as file:
        return owner_of(file.read(HEAD_BYTES))
