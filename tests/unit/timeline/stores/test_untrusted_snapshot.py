"""The snapshot file is untrusted: its hash is no signature, so a forged file may hold anything and must do no harm."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.files.snapshot_owner import LENGTH, MAGIC, read_snapshot_owner
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.withheld import WithheldPosts
from tests.promptly import promptly
from tests.unit.timeline.stores.test_snapshot_file import UNUSED_REDIS, snapshot_of
from timeline.stores.local_copies import Snapshot
from timeline.stores.snapshot_file import MAX_BYTES, SnapshotFile

OLDER = Path(__file__).parents[3] / "older/snapshot.bin"  # as version 0.1.0 wrote it
PARTS = 8


def sealed(body: bytes) -> bytes:
    return MAGIC + hashlib.sha256(body).digest() + body


def parts_of(value: bytes) -> list[bytes]:
    found, start = [], len(MAGIC) + 32
    while start < len(value):
        (length,) = LENGTH.unpack_from(value, start)
        found.append(value[start + LENGTH.size : start + LENGTH.size + length])
        start += LENGTH.size + length
    return found


def with_part(number: int, content: bytes) -> bytes:
    parts = parts_of(OLDER.read_bytes())
    parts[number] = content
    return sealed(b"".join(LENGTH.pack(len(part)) + part for part in parts))


def loaded(path: Path) -> tuple[Snapshot, frozenset[int]]:
    snapshot = snapshot_of()
    snapshot.newest = None
    deleted = promptly(lambda: SnapshotFile(path).load(snapshot))
    return snapshot, deleted


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a file of ours": lambda path: path.symlink_to("/etc/passwd"),
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_only_a_regular_file_is_used(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    NO_FILES[kind](tmp_path / "timeline.bin")
    snapshot, deleted = loaded(tmp_path / "timeline.bin")
    assert (snapshot.newest, deleted) == (None, frozenset())
    assert "timeline.snapshot_trouble" in caplog.text


@pytest.mark.parametrize("kind", NO_FILES)
def test_the_owner_is_read_from_a_regular_file_only(tmp_path: Path, kind: str) -> None:
    NO_FILES[kind](tmp_path / "timeline.bin")
    with pytest.raises(OSError, match="expected"):
        promptly(lambda: read_snapshot_owner(tmp_path / "timeline.bin"))


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a file of ours"])
def test_a_timeline_replaces_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "timeline.bin"
    NO_FILES[kind](path)
    assert promptly(
        lambda: SnapshotFile(path, installation="ours").save(
            snapshot_of("p"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS))
        )
    )
    assert path.is_file()
    assert not path.is_symlink()


def test_a_file_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "timeline.bin"
    path.touch()
    os.truncate(path, 10**12)
    assert loaded(path)[0].newest is None
    os.truncate(path, MAX_BYTES + 1)
    assert loaded(path)[0].newest is None


@pytest.mark.parametrize("content", [b"\xff" * 3, b"\x00" * 41, b"\xff" * 200, b"\x01"])
@pytest.mark.parametrize("number", range(1, PARTS))
def test_nothing_is_used_of_a_hashed_file_with_a_broken_part(tmp_path: Path, number: int, content: bytes) -> None:
    path = tmp_path / "timeline.bin"
    path.write_bytes(with_part(number, content))
    snapshot, deleted = loaded(path)
    if snapshot.newest is None:  # otherwise the random bytes happen to be valid
        assert (snapshot.everyone, snapshot.new_posts, deleted) == (None, None, frozenset())


@pytest.mark.parametrize("body", [b"\x00" * 4_000, LENGTH.pack(2**32 - 1), b"", b"\x01"])
def test_a_hashed_file_of_other_parts_is_not_used(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "timeline.bin"
    path.write_bytes(sealed(body))
    assert loaded(path)[0].newest is None


def test_a_file_of_the_previous_version_is_used() -> None:
    snapshot, deleted = loaded(OLDER)
    assert snapshot.newest is not None
    assert [snapshot.catalogue.get(number).post_id for number in (0, 2)] == ["kept-post", "newest-post"]  # type: ignore[union-attr]
    assert deleted == {1}
    assert read_snapshot_owner(OLDER) == "an-installation"
