"""The only functions that read files that others may have written: models, photos, snapshots, imports.

Anybody who can write into a folder can put a pipe that never answers, an endless device, or a link to one of our files
there. So a path is opened without blocking, below one folder, without following a link that was added since; it must
be a regular file; and no more is read than the reader needs.
"""

import errno
import json
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import cast

MAX_JSON_DEPTH = 32  # lists and objects within each other; ours have 4
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFDIR: "a folder",
          stat.S_IFSOCK: "a socket"}  # fmt: skip
# A whole string (one that is not closed reaches to the end), or a bracket outside of strings.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class RefusedFile(OSError):
    """The path exists but is not read; `strerror` says what was got and what is expected."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(errno.EPERM, reason, str(path))
        self.strerror: str = reason


class FileTooLarge(RefusedFile):
    """The file has more bytes than the reader accepts."""


def open_untrusted(path: Path, *, below: Path) -> BufferedReader:
    """Open a regular file for reading.

    Args:
        path: the file; links are followed as long as they stay within the folder.
        below: the folder that the file must lie in, at any depth.

    Raises:
        RefusedFile: no regular file, or a link that leads out of the folder.
        OSError: the file does not exist or cannot be opened.
    """
    try:
        root, place = below.resolve(), path.resolve()
    except (RuntimeError, ValueError) as error:  # links in a circle, or a NUL
        raise RefusedFile(path, f"cannot be found ({type(error).__name__})") from error
    if not place.is_relative_to(root):
        raise RefusedFile(path, f"it is a link that leads out of {root}, expected a file in there")
    file = _open_below(root, place.relative_to(root).parts)
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(file, "rb")
    os.close(file)
    raise RefusedFile(path, f"got {_KINDS.get(stat.S_IFMT(mode), 'something else')}, expected a regular file")


def read_untrusted(path: Path, *, below: Path, max_bytes: int) -> bytes:
    """The content of a file that has at most `max_bytes`; see `open_untrusted`."""
    with open_untrusted(path, below=below) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise FileTooLarge(path, f"got {size:,} bytes, expected at most {max_bytes:,}")
        content = file.read(size + 1)  # one more, so that a file which grows meanwhile is noticed
    if len(content) > size:
        raise RefusedFile(path, "it grows while it is read, expected a file that is whole")
    return content


def parse_json(content: bytes) -> object:
    """Parse JSON from untrusted bytes, with a bounded depth.

    Raises:
        ValueError: it is no JSON in UTF-8, or nested too deeply.
    """
    text = content.decode()
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"nested more than {MAX_JSON_DEPTH} deep")
    return cast(object, json.loads(text))


def _open_below(root: Path, parts: tuple[str, ...]) -> int:
    """Open a resolved path folder by folder: if a folder was replaced by a link meanwhile, it is not followed."""
    folder = os.open(root, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1] if parts else ".", _FILE, dir_fd=folder)
    finally:
        os.close(folder)
