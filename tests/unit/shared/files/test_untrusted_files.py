"""Files that somebody else wrote: regular ones only, below one folder, without waiting, of bounded size and depth."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.files.untrusted_files import (
    MAX_JSON_DEPTH,
    FileTooLarge,
    RefusedFile,
    open_untrusted,
    parse_json,
    read_untrusted,
)
from tests.promptly import promptly


def read(folder: Path, name: str = "file", max_bytes: int = 100) -> bytes:
    return promptly(lambda: read_untrusted(folder / name, below=folder, max_bytes=max_bytes))


def a_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket has at most 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to a file of ours": lambda path: path.symlink_to("/etc/passwd"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link into proc": lambda path: path.symlink_to("/proc/self/environ"),
    "a socket": a_socket,
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_of_the_folder_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    NO_FILES[kind](tmp_path / "file")
    with pytest.raises(OSError, match=r"expected|cannot be found|No such device"):
        read(tmp_path)


def test_a_device_is_refused() -> None:
    with pytest.raises(RefusedFile, match="got a device, expected a regular file"):
        read(Path("/dev"), "zero")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert read(tmp_path) == b"x" * 100


def test_a_larger_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(10**12)  # it takes no room on the disk
    with pytest.raises(FileTooLarge, match="1,000,000,000,000 bytes, expected at most 100"):
        read(tmp_path)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file").write_bytes(b"content")
    (tmp_path / "file").symlink_to("data/file")
    assert read(tmp_path) == b"content"


def test_the_folder_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/file").write_bytes(b"content")
    (tmp_path / "models").symlink_to("disk")
    assert read(tmp_path / "models") == b"content"


@pytest.mark.parametrize("swapped", ["sub", "sub/file"])
def test_a_link_that_was_put_there_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    for folder in ("root/sub", "outside"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").write_bytes(folder.encode())
    resolve = Path.resolve

    def resolve_then_swap(path: Path) -> Path:
        found = resolve(path)
        target, victim = tmp_path / swapped.replace("sub", "outside"), tmp_path / "root" / swapped
        if path.name == "file" and not victim.is_symlink():
            victim.rename(tmp_path / "moved")
            victim.symlink_to(target)
        return found

    monkeypatch.setattr(Path, "resolve", resolve_then_swap)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        read(tmp_path / "root", "sub/file")


def test_refused_files_leave_none_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(RefusedFile):
            open_untrusted(tmp_path / "file", below=tmp_path)
        with pytest.raises(RefusedFile):
            open_untrusted(tmp_path, below=tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "text", ["[" * 900_000, '{"a":' * 900_000, '["' + "[" * 100 + '",' + "[" * (MAX_JSON_DEPTH + 1), '"' * 900_001]
)
def test_deep_or_unfinished_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested|Extra data|Expecting|Unterminated"):
        promptly(lambda: parse_json(text.encode()))


@pytest.mark.parametrize("content", [b"\xff\xfe[\x00]\x00", b"1" * 10_000, b"", b"[1,]"])
def test_what_is_no_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(content)


def test_brackets_within_strings_are_text() -> None:
    assert parse_json(b'{"a": "' + b"[" * 1000 + b'\\"[", "b": [[1]]}') == {"a": "[" * 1000 + '"[', "b": [[1]]}
