"""Where a test session's servers keep their data, and what becomes of a killed session's."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from tests import server_folder as it
from tests.server_folder import server_folder


def abandoned(memory: Path, *, hours_ago: float = 2) -> Path:
    """What a session left that began so long ago."""
    folder = memory / f"{it.PREFIX}old"
    folder.mkdir()
    (folder / "launcher.lock").touch()
    began = time.time() - 3600 * hours_ago
    os.utime(folder, (began, began))
    return folder


def test_the_folder_goes_with_the_session() -> None:
    with server_folder() as folder:
        (folder / "data").touch()
    assert not folder.exists()


def test_a_folder_that_is_no_memory_is_not_used(tmp_path: Path) -> None:
    with server_folder(tmp_path) as folder:
        assert folder.parent != tmp_path


@pytest.mark.skipif(not it._has_room(it.MEMORY), reason="no memory file system with room here")
def test_memory_with_room_is_used() -> None:
    with server_folder() as folder:
        assert folder.parent == it.MEMORY


def test_what_a_killed_session_left_is_removed(tmp_path: Path) -> None:
    left = abandoned(tmp_path)
    with server_folder(tmp_path):
        assert not left.exists()


def test_a_session_that_runs_for_hours_keeps_its_folder(tmp_path: Path) -> None:
    left = abandoned(tmp_path)
    with (left / "launcher.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with server_folder(tmp_path):
            assert left.exists()


def test_a_session_that_has_just_begun_keeps_its_folder(tmp_path: Path) -> None:
    left = abandoned(tmp_path, hours_ago=0.5)
    with server_folder(tmp_path):
        assert left.exists()
