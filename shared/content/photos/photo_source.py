"""Reads the photos that posts refer to: files below the media root, or URLs of allowed hosts. A failure is a value."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from PIL.Image import Image

from shared.content.encoders.captions import content_hash_of
from shared.content.photos.addresses import AddressCheck, Resolver, is_public, resolve
from shared.content.photos.decoders import Decoded, decoders
from shared.content.photos.fetch import Fetcher, FetchLimits
from shared.content.photos.fingerprint import fingerprint
from shared.content.photos.limits import limits_by_fault
from shared.content.photos.outages import MEDIA_ROOT, Outages
from shared.content.photos.unreadable import Fault, PhotoRefused, Unreadable
from shared.content.target_size import TargetSize
from shared.files.untrusted_files import FileTooLarge, RefusedFile, read_untrusted
from shared.logs import log_trouble

Prepared = TypeVar("Prepared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo that was read.

    Attributes:
        image: RGB, upright, first frame, shorter side at most 1,280 pixels, or in the encoder's target size.
        content_hash: hash of the original bytes.
        fingerprint: to find near-identical photos.
    """

    image: Image
    content_hash: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoState:
    """What is known about a photo without reading it."""

    source_hash: str
    is_away: bool  # its file cannot be found now


class PhotoSource:
    """Reads photos. Safe to use from several threads."""

    def __init__(
        self,
        *,
        media_root: Path | None = None,
        hosts: Sequence[str] = (),
        limits: FetchLimits | None = None,
        max_pixels: int = 40_000_000,
        threads: int = 4,
        resolver: Resolver = resolve,
        is_allowed: AddressCheck = is_public,
    ) -> None:
        self._root = media_root.resolve() if media_root else None
        self._limits = limits or FetchLimits()
        self._max_pixels = max_pixels
        self._threads = threads
        self._fetcher = Fetcher(hosts, self._limits, resolver=resolver, is_allowed=is_allowed)
        self.limits = limits_by_fault(media_root=self._root, hosts=hosts, fetch=self._limits, max_pixels=max_pixels)

    def load(self, reference: str, target: TargetSize | None = None) -> Photo | Unreadable:
        """The photo behind a post's `image_url`: an http(s) URL, or a path below the media root; in a target size."""
        try:
            content = self._fetcher.fetch(reference) if "://" in reference else self._read(reference)
            decoded, content_hash = self._decode(content, target), content_hash_of(content)
            return Photo(image=decoded.image, content_hash=content_hash, fingerprint=fingerprint(decoded.cells))
        except PhotoRefused as refused:
            return replace(refused.unreadable, is_remote="://" in reference)

    def look_at_root(self, outages: Outages) -> None:
        """Note a media root that is missing or empty (as if it was not mounted)."""
        if self._root is not None and (reason := _absence(self._root)):
            outages.note_away(MEDIA_ROOT, reason)

    def read_ahead(
        self,
        batches: Iterable[Sequence[str]],
        prepare: Callable[[Photo], Prepared],
        outages: Outages | None = None,
        target: TargetSize | None = None,
    ) -> Iterator[list[Prepared | Unreadable]]:
        """Yield the photos of each batch in order, prepared for an encoder, while the next batch is being read.

        Threads help because hosts answer slowly and decoders release the GIL. At most one full photo per thread is in
        memory; waiting ones are kept as `prepare` returned them. Photos of an origin that is down are skipped.
        """
        known = outages or Outages()

        def read(reference: str) -> Prepared | Unreadable:
            skipped = known.skip(reference)
            if skipped is not None:
                return skipped
            photo = self.load(reference, target)
            known.note(reference, photo if isinstance(photo, Unreadable) else None, self._is_refused)
            return prepare(photo) if isinstance(photo, Photo) else photo

        pool = ThreadPoolExecutor(max_workers=self._threads)
        try:
            ahead: list[Future[Prepared | Unreadable]] | None = None
            for batch in batches:
                begun = [pool.submit(read, reference) for reference in batch]
                if ahead is not None:
                    yield [photo.result() for photo in ahead]
                ahead = begun
            if ahead is not None:
                yield [photo.result() for photo in ahead]
        finally:
            pool.shutdown(cancel_futures=True)
            decoders().end_idle()

    def _decode(self, content: bytes, target: TargetSize | None) -> Decoded:
        decoded = decoders().decode(content, max_pixels=self._max_pixels, target=target)
        if decoded.warnings:
            photo, kind = content_hash_of(content), decoded.complaint
            log_trouble("content.photo_warnings", photo=photo, count=decoded.warnings, kind=kind)
        if decoded.refused is not None:
            raise decoded.refused
        return decoded

    def _is_refused(self, reference: str) -> bool:
        photo = self.load(reference)
        return isinstance(photo, Unreadable) and photo.may_be_outage

    def look_at(self, reference: str | None) -> "PhotoState | None":
        """A hash that changes when a photo may have changed, without reading it; None if a post has no photo.

        For a file it depends on name, size and modification time; for a URL on the URL alone, so a photo that is
        replaced under the same URL is not noticed. A file that is missing now has another hash when it appears.
        """
        if not reference:
            return None
        stamp, is_away = "", False
        if "://" not in reference:
            try:
                status = self._path_of(reference).stat()
                stamp = f" {status.st_size} {status.st_mtime_ns}"
            except (PhotoRefused, OSError):  # `load` says what is wrong
                is_away = True
        return PhotoState(source_hash=content_hash_of((reference + stamp).encode("utf-8", "replace")), is_away=is_away)

    def _read(self, reference: str) -> bytes:
        path, root = self._path_of(reference), self._root
        assert root is not None  # else there would be no path
        try:
            return read_untrusted(path, below=root, max_bytes=self._limits.max_bytes)
        except FileNotFoundError:
            raise PhotoRefused(Fault.FILE_MISSING, "no such file below WARMLINE_MEDIA_ROOT") from None
        except FileTooLarge:
            raise PhotoRefused(Fault.TOO_MANY_BYTES, f"expected {self._limits.max_bytes:,} bytes or fewer") from None
        except RefusedFile as refused:
            raise PhotoRefused(Fault.FILE_UNREADABLE, refused.strerror) from None
        except OSError as error:
            detail = f"opening it failed with {type(error).__name__}"
            raise PhotoRefused(Fault.FILE_UNREADABLE, detail, may_be_outage=True) from error

    def _path_of(self, reference: str) -> Path:
        """The file that a reference names, with all links resolved.

        Raises:
            PhotoRefused: there is no media root, or the file is not below it.
        """
        if self._root is None:
            raise PhotoRefused(Fault.NO_MEDIA_ROOT, "got a file name, but WARMLINE_MEDIA_ROOT is not set")
        if not reference.isprintable() or not reference.strip():
            raise PhotoRefused(Fault.BAD_REFERENCE, "expected a file name of printable characters")
        if Path(reference).is_absolute():
            raise PhotoRefused(Fault.OUTSIDE_ROOT, "got an absolute path, expected one below the media root")
        try:
            path = (self._root / reference).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long
            raise PhotoRefused(Fault.FILE_UNREADABLE, f"finding it failed with {type(error).__name__}") from error
        if not path.is_relative_to(self._root):
            raise PhotoRefused(Fault.OUTSIDE_ROOT, "got a path or link that leads out of the media root")
        return path


def _absence(root: Path) -> str | None:
    """Why nothing can be read below a folder; None if something can."""
    try:
        with os.scandir(root) as entries:
            return None if next(entries, None) is not None else "the folder is empty; is it mounted?"
    except OSError as error:
        return f"the folder cannot be read ({error.strerror})"
