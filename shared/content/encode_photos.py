"""Encodes photos to vectors and fingerprints; tells a bad photo from an origin (host or folder) that is down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from shared.content.encode_each import encode_each
from shared.content.encoders.protocol import ImageEncoder
from shared.content.encoders.stored_only import StoredOnlyEncoder
from shared.content.encoding_plan import PostSource
from shared.content.encoding_work import (
    EncodingResult,
    EncodingWork,
    Sorted,
    begin_encoding,
    plan_work,
    split_by_success,
    store,
)
from shared.content.photos.outages import Outages, origin_of
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.settings import ContentSettings
from shared.db.encoding_failures import store_failures
from shared.db.engine import Database
from shared.db.vectors import ContentKind, PostContent
from shared.logs import log_trouble
from shared.run_progress import ReportProgress

if TYPE_CHECKING:
    from torch import Tensor


def photo_work(
    database: Database,
    encoder: ImageEncoder,
    photos: PhotoSource,
    posts: Sequence[PostContent],
    settings: ContentSettings,
    now: datetime,
) -> EncodingWork | None:
    """Plan the work; None for an encoder of which only stored vectors are left."""
    if isinstance(encoder, StoredOnlyEncoder):
        return None
    sources = _photo_sources(photos, posts)
    return plan_work(database, ContentKind.IMAGE, sources, encoder.card, settings, now, photos.limits)


def encode_images(
    work: EncodingWork | None,
    encoder: ImageEncoder,
    photos: PhotoSource,
    posts: Sequence[PostContent],
    report_progress: ReportProgress,
) -> EncodingResult:
    """Encode the photos of the plan, and record which failed."""
    report_progress("photos", 0, 1)
    if work is None:
        return EncodingResult()
    references = {post.post_id: post.image_url or "" for post in posts}
    outcome = begin_encoding(work)
    outages = Outages(partial(_read_before, work, posts))
    photos.look_at_root(outages)
    first, doubtful = "", list[tuple[PostSource, Unreadable]]()
    batches = list(work.plan.batches(work.settings.encode_batch))
    wanted = ([references[source.post_id] for source in batch] for batch in batches)
    read_photos = photos.read_ahead(wanted, partial(_prepared, encoder), outages, encoder.card.target_size)
    for batch, read in zip(batches, read_photos, strict=True):
        encoded, failed = _encode_photos(encoder, batch, read)
        doubtful += [
            (source, what) for source, what in failed if what.may_be_outage or what.fault in _MEDIA_ROOT_FAULTS
        ]
        failed = [(source, what) for source, what in failed if what.fault is not Fault.SOURCE_AWAY]
        store(work, encoded, failed, outcome)
        first = first or (failed[0][1].reason if failed else "")
        report_progress("photos", outcome.encoded + outcome.failed + outages.skipped, len(work.plan.to_encode))
    if outcome.failed:
        log_trouble("content.images_failed", count=outcome.failed, first=first)
    photos.look_at_root(outages)  # it may have been unmounted meanwhile
    _note_outages(work, outages, references, doubtful, outcome)
    return outcome


_MEDIA_ROOT_FAULTS = frozenset({Fault.FILE_MISSING, Fault.FILE_UNREADABLE})  # outages if the media root is down


def _photo_sources(photos: PhotoSource, posts: Sequence[PostContent]) -> Iterable[PostSource]:
    for post in posts:
        look = photos.look_at(post.image_url)
        yield PostSource(
            post_id=post.post_id,
            created_at=post.created_at,
            source_hash=look.source_hash if look is not None else None,
            is_away=look is not None and look.is_away,
        )


def _read_before(work: EncodingWork, posts: Sequence[PostContent], origin: str) -> list[str]:
    """References of photos that were read from an origin before, newest first."""
    known = [
        post for post in posts if post.image_url and post.post_id in work.stored and origin_of(post.image_url) == origin
    ]
    return [post.image_url or "" for post in sorted(known, key=lambda post: post.created_at, reverse=True)]


def _note_outages(
    work: EncodingWork,
    outages: Outages,
    references: Mapping[str, str],
    doubtful: Sequence[tuple[PostSource, Unreadable]],
    outcome: EncodingResult,
) -> None:
    """Count failures as outages of their origin, not of the photos, so that these are tried again in the next run."""
    put_off_by_outage = [
        work.put_off_by_outage(source, what)
        for source, what in doubtful
        if what.fault is not Fault.SOURCE_AWAY and outages.is_away(references[source.post_id])
    ]
    store_failures(work.database, work.part, put_off_by_outage)
    outcome.away += outages.skipped
    outcome.outages += outages.away
    for origin, reason in outages.away.items():
        log_trouble("content.source_away", source=origin, reason=reason)
    if outcome.away:
        log_trouble("content.images_away", count=outcome.away, note="their vectors stay; tried again by the next run")


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What is needed of a photo after it was read."""

    pixels: "Tensor"  # the encoder's input
    fingerprint: bytes


def _prepared(encoder: ImageEncoder, photo: Photo) -> _Prepared:
    return _Prepared(encoder.prepare(photo.image), photo.fingerprint)


def _encode_photos(
    encoder: ImageEncoder, batch: Sequence[PostSource], photos: Sequence[_Prepared | Unreadable]
) -> Sorted:
    good = [(source, photo) for source, photo in zip(batch, photos, strict=True) if isinstance(photo, _Prepared)]
    bad = [(source, photo) for source, photo in zip(batch, photos, strict=True) if isinstance(photo, Unreadable)]
    rows = encode_each(encoder.encode_prepared, [photo.pixels for _, photo in good])
    encoded, faulty = split_by_success([source for source, _ in good], rows)
    fingerprints = {source.post_id: photo.fingerprint for source, photo in good}
    return [replace(each, fingerprint=fingerprints[each.post_id]) for each in encoded], [*bad, *faulty]
