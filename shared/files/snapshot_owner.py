"""The owner of a snapshot file, in its first bytes. The timeline writes the rest; `warmline` reads only the owner."""

import struct
from pathlib import Path

from shared.files.untrusted_files import open_untrusted

MAGIC, WITHOUT_OWNER = b"WLSNAP02", b"WLSNAP01"  # the latter of earlier versions
HASH_BYTES = 32
HEAD_BYTES = 256  # magic, hash, and the first part: the installation's id
LENGTH = struct.Struct("<I")


def owner_of(head: bytes) -> str:
    """The installation that the first bytes of a file name; blank if they name none."""
    start = len(MAGIC) + HASH_BYTES
    if head[: len(MAGIC)] != MAGIC or len(head) < start + LENGTH.size:
        return ""
    (length,) = LENGTH.unpack_from(head, start)
    return head[start + LENGTH.size : min(start + LENGTH.size + length, HEAD_BYTES)].decode(errors="replace")


def read_snapshot_owner(path: Path) -> str:
    """The installation that a file names; blank if it names none.

    Raises:
        OSError: the file does not exist or cannot be read.
    """
    with open_untrusted(path, below=path.parent) as file:
        return owner_of(file.read(HEAD_BYTES))
