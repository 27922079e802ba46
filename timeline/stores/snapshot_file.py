"""The snapshot on disk, for a timeline that starts while both stores are down.

    magic, 8 bytes · SHA-256 of the rest, 32 bytes · then for each part its length, u32, and its bytes
    parts: the installation's id · everyone's list, newest posts, new posts (as in Redis) · phase · blocks
           · withheld rows, u32 each · catalogue entries: row u32 · length u16 · entry as in Redis
    Files of earlier versions begin with WLSNAP01 and have no id; otherwise they are the same.

Written whole, synced, renamed. It holds ids of posts and hashes of authors, no captions; withheld posts are left out.
An erasure rewrites it at once, or deletes it if it cannot be rewritten.
"""

import hashlib
import os
import secrets
import struct
import time
from array import array
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from shared.files.snapshot_owner import HASH_BYTES, LENGTH, MAGIC, WITHOUT_OWNER, owner_of, read_snapshot_owner
from shared.files.untrusted_files import read_untrusted
from shared.logs import log_event, log_trouble
from shared.ranked_lists import codec, records
from shared.ranked_lists.blocked import pack_blocked, unpack_blocked
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.records import CatalogueEntry
from shared.ranked_lists.withheld import WithheldPosts
from timeline.stores.local_copies import Snapshot
from timeline.stores.new_post_pool import NewPostPool

if TYPE_CHECKING:
    from timeline.worker import Worker

MAX_BYTES = 64_000_000  # mostly deletions; 2 MB is usual
LEFT_OVER_SECONDS = 60.0  # the writer of an older unfinished file was killed
_POST = struct.Struct("<IH")


class UnreadableSnapshot(ValueError):
    """The file is damaged, or of another version."""


@dataclass(slots=True)
class SnapshotFile:
    """The snapshot file of one process, or of several workers."""

    path: Path
    installation: str = ""  # id of this installation; blank until PostgreSQL has answered
    earlier: frozenset[str] = frozenset()  # ids that this installation had before
    loaded: str | None = None  # owner of the file that was loaded; blank: of an earlier version; None: no file
    is_foreign: bool = False
    worker: "Worker | None" = None  # this one of several processes that share the file
    known_erasures: float = 0.0  # through other processes, whose users' data is dropped here
    _is_logged: bool = False
    _lock: Lock = field(default_factory=Lock)

    def save(self, snapshot: Snapshot, withheld: WithheldPosts) -> bool:
        """Replace the file; if the disk is full or read-only, this is logged once, and the old file stays."""
        with self._lock, self._process_lock():  # files are written in the order in which they are packed
            if self.may_name_erased():
                return False
            if self._is_of_another():
                self._log_once(
                    f"{self.path}: belongs to another installation, left as it is; set WARMLINE_SNAPSHOT_FILE"
                )
                return False
            value = pack(snapshot, withheld.post_numbers, self.installation)
            if len(value) > MAX_BYTES:
                self._log_once(f"the snapshot has {len(value)} bytes, expected at most {MAX_BYTES}")
                return False
            try:
                self._replace(value)
            except OSError as error:
                self._log_once(f"{self.path}: {error.strerror}")
                return False
            self._is_logged = False
            return True

    @property
    def is_written_here(self) -> bool:
        """Whether this process is the one that writes the file regularly."""
        return self.worker is None or self.worker.keeps_file

    def may_name_erased(self) -> bool:
        """Whether this process may hold data of a user erased through another one; then it must not write."""
        return self.erasures_elsewhere() != self.known_erasures

    def erasures_elsewhere(self) -> float:
        """How many users were erased through the other processes."""
        return 0.0 if self.worker is None else self.worker.erasures_elsewhere()

    def _process_lock(self) -> AbstractContextManager[None]:
        return nullcontext() if self.worker is None else self.worker.cells.lock()

    def save_without_erased(self, snapshot: Snapshot, withheld: WithheldPosts) -> bool:
        """Replace the file after an erasure, or delete it; False if the disk refuses both."""
        if self.save(snapshot, withheld) or self._is_of_another():
            return True
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log_trouble("timeline.snapshot_trouble", reason=f"{self.path}: holds what was erased, {error.strerror}")
            return False
        return True

    def load(self, snapshot: Snapshot) -> frozenset[int]:
        """Fill a new process's snapshot from the file, if there is a good one; returns the deleted posts."""
        try:
            value = read_untrusted(self.path, below=self.path.parent, max_bytes=MAX_BYTES)
            deleted = unpack(value, snapshot)
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            self._log_once(f"{self.path}: not used, {error.strerror}")
            return frozenset()
        except Exception as error:  # the hash is no signature: a forged file may raise anything
            self._log_once(f"{self.path}: not used, {type(error).__name__}")
            return frozenset()
        self.loaded = owner_of(value)
        log_event("timeline.snapshot_loaded", posts=len(snapshot.everyone or snapshot.newest or ()))
        return deleted

    def _is_of_another(self) -> bool:
        """Whether the file belongs to another installation, which may have written it since the start."""
        try:
            owner = read_snapshot_owner(self.path)
        except FileNotFoundError:
            self.is_foreign = False
            return False
        except OSError:
            owner = ""
        differs = bool(owner and self.installation) and owner != self.installation and owner not in self.earlier
        self.is_foreign = differs or (self.is_foreign and not owner)
        return self.is_foreign

    def _replace(self, value: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_left_over()
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise

    def _drop_left_over(self) -> None:
        """Delete unfinished files of killed processes: they may name users who were erased since."""
        for partial in self.path.parent.glob(f".{self.path.name}.*"):
            with suppress(OSError):
                if time.time() - partial.stat().st_mtime > LEFT_OVER_SECONDS:
                    partial.unlink()

    def _log_once(self, reason: str) -> None:
        if not self._is_logged:
            log_trouble("timeline.snapshot_trouble", reason=reason)
        self._is_logged = True


def pack(snapshot: Snapshot, deleted: Collection[int], installation: str = "") -> bytes:
    """The file's bytes."""
    new_posts = snapshot.new_posts.ranked if snapshot.new_posts else None
    lists = [snapshot.everyone, snapshot.newest, new_posts]
    post_numbers = {
        number for ranked in lists if ranked for number in codec.post_numbers_of(ranked.entries)
    }.difference(deleted)
    posts = [post for number in sorted(post_numbers) if (post := snapshot.catalogue.get(number))]
    pairs = zip(snapshot.blocked.users, snapshot.blocked.authors, strict=True)
    parts = [
        installation.encode(),
        *(codec.encode(ranked) if ranked else b"" for ranked in lists),
        records.pack_phase(snapshot.phase),
        pack_blocked(pairs, version=0),
        records.pack_post_numbers(sorted(deleted)),
        b"".join(_pack_posts(posts)),
    ]
    body = b"".join(LENGTH.pack(len(part)) + part for part in parts)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpack(value: bytes, snapshot: Snapshot) -> frozenset[int]:
    """Fill a snapshot from the file's bytes; returns the deleted posts.

    Raises:
        UnreadableSnapshot: damaged, or of another version.
    """
    start = len(MAGIC) + HASH_BYTES
    body = value[start:]
    magic = value[: len(MAGIC)]
    if magic not in (MAGIC, WITHOUT_OWNER) or value[len(MAGIC) : start] != hashlib.sha256(body).digest():
        raise UnreadableSnapshot("damaged, or another version's")
    everyone, newest, new_posts, phase, blocked, deleted, posts = list(_parts(body))[magic == MAGIC :]
    # Everything is decoded before anything is used.
    lists, pool, catalogue = (_list(everyone), _list(newest)), _list(new_posts), list(_unpack_posts(posts))
    reserved, current_phase, pairs = (
        NewPostPool.of(pool) if pool else None,
        records.unpack_phase(phase),
        unpack_blocked(blocked),
    )
    post_numbers = frozenset(array("I", deleted))
    snapshot.everyone, snapshot.newest = lists
    snapshot.new_posts, snapshot.phase, snapshot.blocked = reserved, current_phase, pairs
    snapshot.catalogue.add(catalogue)
    return post_numbers


def _parts(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        (length,) = LENGTH.unpack_from(body, start)
        yield body[start + LENGTH.size : start + LENGTH.size + length]
        start += LENGTH.size + length


def _list(part: bytes) -> RankedList | None:
    return codec.decode(part) if part else None


def _pack_posts(posts: Iterable[CatalogueEntry]) -> Iterator[bytes]:
    for post in posts:
        packed = records.pack_post(post)
        yield _POST.pack(post.post_number, len(packed)) + packed


def _unpack_posts(part: bytes) -> Iterator[CatalogueEntry]:
    start = 0
    while start < len(part):
        number, length = _POST.unpack_from(part, start)
        start += _POST.size
        yield records.unpack_post(number, part[start : start + length])
        start += length
