"""The snapshot file after an erasure: rewritten, or deleted if it cannot be rewritten."""

import os
import time
from pathlib import Path

import pytest
import redis.asyncio

from shared.domain import Reason, Source
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.records import CatalogueEntry
from shared.ranked_lists.withheld import WithheldPosts
from tests.worlds import NOW
from timeline.stores.local_copies import Snapshot
from timeline.stores.snapshot_file import LEFT_OVER_SECONDS, SnapshotFile

UNUSED_REDIS = redis.asyncio.Redis(port=1)  # never called


def snapshot_of(*posts: str) -> Snapshot:
    catalogue = Catalogue(UNUSED_REDIS)
    catalogue.add(CatalogueEntry(post_number=number, post_id=post, author=7) for number, post in enumerate(posts))
    entries = b"".join(pack_entry(number, Reason.RECENT, 0.5) for number in range(len(posts)))
    newest = RankedList(source=Source.NEWEST, generation=0, generated_at=NOW, entries=entries)
    return Snapshot(catalogue=catalogue, half_life_hours=24, newest=newest)


@pytest.fixture
def disk(tmp_path: Path) -> SnapshotFile:
    """A file that names two posts."""
    disk = SnapshotFile(tmp_path / "timeline.bin")
    assert disk.save(snapshot_of("kept-post", "erased-post"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS)))
    assert b"erased-post" in disk.path.read_bytes()
    return disk


def erased() -> WithheldPosts:
    deleted = WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS))
    deleted.add([1])
    return deleted


def test_an_erased_post_is_removed_from_the_file(disk: SnapshotFile) -> None:
    assert disk.save_without_erased(snapshot_of("kept-post", "erased-post"), erased())
    assert b"kept-post" in disk.path.read_bytes()
    assert b"erased-post" not in disk.path.read_bytes()


def test_a_file_that_cannot_be_rewritten_after_an_erasure_is_deleted(
    disk: SnapshotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    assert disk.save_without_erased(snapshot_of("kept-post", "erased-post"), erased())
    assert list(disk.path.parent.iterdir()) == []


def test_a_file_that_another_installation_wrote_meanwhile_stays(disk: SnapshotFile) -> None:
    theirs = SnapshotFile(disk.path, installation="theirs")
    assert theirs.save(snapshot_of("their-post"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS)))
    value = disk.path.read_bytes()
    disk.installation = "ours"
    assert not disk.save(snapshot_of("kept-post"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS)))
    assert disk.save_without_erased(snapshot_of("kept-post"), erased())  # it holds nothing of the erased user
    assert (disk.is_foreign, disk.path.read_bytes() == value) == (True, True)
    disk.path.unlink()
    assert disk.save(snapshot_of("kept-post"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS)))
    assert not disk.is_foreign


def test_a_file_from_before_a_renewal_is_replaced(disk: SnapshotFile) -> None:
    assert SnapshotFile(disk.path, installation="before").save(
        snapshot_of("old"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS))
    )
    disk.installation, disk.earlier = "ours", frozenset({"before"})
    assert disk.save(snapshot_of("kept-post"), WithheldPosts(UNUSED_REDIS, Catalogue(UNUSED_REDIS)))
    assert b"kept-post" in disk.path.read_bytes()


def test_unfinished_files_of_killed_processes_are_deleted_by_the_next_save(disk: SnapshotFile) -> None:
    old, fresh = (disk.path.with_name(f".timeline.bin.{name}") for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"erased-post")
    then = time.time() - LEFT_OVER_SECONDS - 1
    os.utime(old, (then, then))
    disk.save(snapshot_of("kept-post"), erased())
    assert (old.exists(), fresh.exists()) == (False, True)  # another process may be writing the new one
