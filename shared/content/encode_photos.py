"""Encodes photos to vectors and fingerprints; tells a bad photo from an origin (host or folder) that is down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.content.encode_each import encode_each
from shared.content.encoders.protocol import ImageEncoder
from shared.content.encoders.stored_only import StoredOnlyEncoder
from shared.content.encoding_plan import PostSource
from shared.content.encoding_work import (
    EncodingResult,
    EncodingWork,
    begin_encoding,
    known_hash,
    plan_work,
    store,
)
from shared.content.photos.outages import Outages, origin_of
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.post_photos import (
    EncodedPhoto,
    is_partial,
    partial_hash,
    photo_batches,
    soonest,
    state_of,
    vector_of,
)
from shared.content.settings import ContentSettings
from shared.db.encoding_failures import store_failures
from shared.db.engine import Database
from shared.db.vectors import ContentKind, EncodedVector, PostContent
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
    references = {post.post_id: post.photos for post in posts}
    outcome = begin_encoding(work)
    outages = Outages(partial(_read_before, work, posts))
    photos.look_at_root(outages)
    first, doubtful = "", list[_Failed]()
    n_photos = {post_id: len(each) for post_id, each in references.items()}
    batches = list(photo_batches(work.plan.to_encode, n_photos, work.settings.encode_batch))
    wanted = ([photo for source in batch for photo in references[source.post_id]] for batch in batches)
    read_photos = photos.read_ahead(wanted, partial(_prepared, encoder), outages, encoder.card.target_size)
    for batch, read in zip(batches, read_photos, strict=True):
        encoded, failed = _encode_photos(work, encoder, batch, references, read)
        doubtful += [each for each in failed if each.what.may_be_outage or each.what.fault in _MEDIA_ROOT_FAULTS]
        recorded = [(each.source, each.what) for each in failed if each.what.fault is not Fault.SOURCE_AWAY]
        store(work, encoded, recorded, outcome)
        first = first or (recorded[0][1].reason if recorded else "")
        report_progress("photos", outcome.encoded + outcome.failed + outages.skipped, len(work.plan.to_encode))
    if outcome.failed:
        log_trouble("content.images_failed", count=outcome.failed, first=first)
    photos.look_at_root(outages)  # it may have been unmounted meanwhile
    _note_outages(work, outages, doubtful, outcome)
    return outcome


@dataclass(frozen=True, slots=True)
class _Failed:
    """A photo of a post that could not be encoded: of several, the one that says when they are tried again."""

    source: PostSource
    reference: str
    what: Unreadable


_MEDIA_ROOT_FAULTS = frozenset({Fault.FILE_MISSING, Fault.FILE_UNREADABLE})  # outages if the media root is down


def _photo_sources(photos: PhotoSource, posts: Sequence[PostContent]) -> Iterable[PostSource]:
    for post in posts:
        looks = [look for photo in post.photos if (look := photos.look_at(photo)) is not None]
        look = state_of(looks)
        yield PostSource(
            post_id=post.post_id,
            created_at=post.created_at,
            source_hash=look.source_hash if look is not None else None,
            is_away=look is not None and look.is_away,
        )


def _read_before(work: EncodingWork, posts: Sequence[PostContent], origin: str) -> list[str]:
    """References of photos that were read from an origin before, newest first."""
    newest = sorted(posts, key=lambda post: post.created_at, reverse=True)
    known = [post for post in newest if post.photos and not is_partial(work.stored.get(post.post_id, partial_hash("")))]
    return [photo for post in known for photo in post.photos if origin_of(photo) == origin]


def _note_outages(
    work: EncodingWork,
    outages: Outages,
    doubtful: Sequence[_Failed],
    outcome: EncodingResult,
) -> None:
    """Count failures as outages of their origin, not of the photos, so that these are tried again in the next run."""
    put_off_by_outage = [
        work.put_off_by_outage(each.source, each.what)
        for each in doubtful
        if each.what.fault is not Fault.SOURCE_AWAY and outages.is_away(each.reference)
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
    work: EncodingWork,
    encoder: ImageEncoder,
    batch: Sequence[PostSource],
    references: Mapping[str, Sequence[str]],
    photos: Sequence[_Prepared | Unreadable],
) -> tuple[list[EncodedVector], list[_Failed]]:
    """The vectors of a batch of posts, and their failures; a post some of whose photos failed has both."""
    good = [photo for photo in photos if isinstance(photo, _Prepared)]
    rows = iter(encode_each(encoder.encode_prepared, [photo.pixels for photo in good]))
    results = iter([photo if isinstance(photo, Unreadable) else _result(photo, next(rows)) for photo in photos])
    encoded, failed = list[EncodedVector](), list[_Failed]()
    for source in batch:
        own = references[source.post_id]
        of_post = list(zip(own, islice(results, len(own)), strict=True))
        read = [found for _, found in of_post if isinstance(found, EncodedPhoto)]
        lost = [(photo, what) for photo, what in of_post if isinstance(what, Unreadable)]
        if lost:
            failed.append(_Failed(source, *lost[soonest([what for _, what in lost])]))
        if not read or (lost and _keeps_earlier(work, source, [what for _, what in lost])):
            continue
        source_hash = known_hash(source)
        encoded.append(
            EncodedVector(
                post_id=source.post_id, source_hash=partial_hash(source_hash) if lost else source_hash,
                vector=vector_of(read), fingerprint=read[0].fingerprint,
            )
        )  # fmt: skip
    return encoded, failed


def _result(photo: _Prepared, row: NDArray[np.float32] | Unreadable) -> EncodedPhoto | Unreadable:
    return row if isinstance(row, Unreadable) else EncodedPhoto(row, photo.fingerprint)


def _keeps_earlier(work: EncodingWork, source: PostSource, lost: Sequence[Unreadable]) -> bool:
    """Whether a stored vector is better than one of the photos that can be read just now."""
    return source.post_id in work.stored and any(
        what.may_be_outage or what.fault is Fault.SOURCE_AWAY or what.fault in _MEDIA_ROOT_FAULTS for what in lost
    )
