"""Turns captions and photos into vectors in PostgreSQL: only what is new or changed, batch by batch.

Each batch is stored before the next begins, so a run that is killed goes on where it stopped. A photo that cannot be
read is recorded with the reason and tried again later; no zero vector ever stands for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from shared.content.captions import caption_hash
from shared.content.photos import Photo, PhotoSource
from shared.content.plan import (
    EncodingPlan,
    Failure,
    PostSource,
    StoredVector,
    next_failure,
    plan_encoding,
)
from shared.content.protocol import EncoderCard, ImageEncoder, TextEncoder
from shared.content.registry import build_image_encoder, build_text_encoder
from shared.content.settings import ContentSettings
from shared.content.unreadable import Unreadable, is_of_other_settings
from shared.db.engine import Database
from shared.db.vectors import (
    Encoded,
    Failed,
    Part,
    PostContent,
    VectorState,
    drop_vectors,
    load_content,
    store_vectors,
    stored_vectors,
)
from shared.logs import log_trouble, stage
from shared.photo_clusters import cluster_photos
from shared.run_progress import ReportProgress, report_to_nobody

if TYPE_CHECKING:
    from torch import Tensor

# Captions of like length go through an encoder together, and among many there are more alike: 17 ms each, 29 among 32.
CAPTIONS_PER_BATCH = 8  # batches of captions that are stored at once; a kill costs some seconds at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoders:
    """The encoders in force."""

    image: ImageEncoder
    caption: TextEncoder
    photos: PhotoSource


def build_encoders(settings: ContentSettings) -> Encoders:
    """The encoders that the settings name.

    Raises:
        EncoderUnavailable: one is unknown, or its package or weights are not here.
    """
    folder, batch = settings.encoder_folder, settings.encode_batch
    return Encoders(
        image=build_image_encoder(settings.image_encoder, folder=folder, batch_size=batch),
        caption=build_text_encoder(settings.text_encoder, folder=folder, batch_size=batch),
        photos=PhotoSource(
            media_root=settings.media_root,
            hosts=settings.image_hosts,
            limits=settings.fetch_limits,
            max_pixels=settings.max_pixels,
            threads=settings.image_threads,
        ),
    )


def encode_new(
    database: Database,
    encoders: Encoders,
    settings: ContentSettings,
    now: datetime,
    report_progress: ReportProgress = report_to_nobody,
) -> dict[str, int]:
    """Encode what is new, and find photos that are nearly the same.

    Returns:
        How many captions and photos were encoded, and how many could not be.
    """
    with database.read() as snapshot:
        posts = list(load_content(snapshot, now=now))
    counts: dict[str, int] = {}
    with stage("content.captions") as facts:
        facts.update(_encode_captions(database, encoders.caption, posts, settings, now, report_progress))
        counts["captions"] = int(str(facts["encoded"]))
    with stage("content.images") as facts:
        facts.update(_encode_images(database, encoders, posts, settings, now, report_progress))
        counts["images"], counts["images_failed"] = int(str(facts["encoded"])), int(str(facts["failed"]))
    with stage("content.clusters") as facts:
        facts.update(cluster_photos(database, posts))
    return counts


def _encode_captions(
    database: Database,
    encoder: TextEncoder,
    posts: Sequence[PostContent],
    settings: ContentSettings,
    now: datetime,
    report_progress: ReportProgress,
) -> dict[str, int]:
    captions = {post.post_id: post.caption for post in posts}
    sources = (
        PostSource(post_id=post.post_id, created_at=post.created_at, source_hash=caption_hash(post.caption))
        for post in posts
    )
    report_progress("captions", 0, 1)
    plan, _ = _plan(database, Part.CAPTION, sources, encoder.card, now)
    done = 0
    for batch in plan.batches(CAPTIONS_PER_BATCH * settings.encode_batch):
        rows = encoder.encode([captions[source.post_id] for source in batch])
        encoded = [
            Encoded(post_id=source.post_id, source_hash=_known(source), vector=row)
            for source, row in zip(batch, rows, strict=True)
        ]
        store_vectors(database, Part.CAPTION, encoder=encoder.card.identity, encoded=encoded, failed=())
        done += len(batch)
        report_progress("captions", done, len(plan.to_encode))
    return {"encoded": done, "current": plan.current}


def _encode_images(
    database: Database,
    encoders: Encoders,
    posts: Sequence[PostContent],
    settings: ContentSettings,
    now: datetime,
    report_progress: ReportProgress,
) -> dict[str, int]:
    references = {post.post_id: post.image_url for post in posts}
    sources = (
        PostSource(
            post_id=post.post_id, created_at=post.created_at, source_hash=encoders.photos.source_hash(post.image_url)
        )
        for post in posts
    )
    encoder = encoders.image
    report_progress("photos", 0, 1)
    plan, failures = _plan(database, Part.IMAGE, sources, encoder.card, now, encoders.photos.settings_hash)
    done = n_failed = 0
    first = ""
    batches = list(plan.batches(settings.encode_batch))
    wanted = ([references[source.post_id] or "" for source in batch] for batch in batches)
    for batch, photos in zip(batches, encoders.photos.read_ahead(wanted, partial(_prepared, encoder)), strict=True):
        encoded, failed = _encode_photos(encoders, batch, photos, failures, settings, now)
        store_vectors(database, Part.IMAGE, encoder=encoder.card.identity, encoded=encoded, failed=failed)
        done, n_failed = done + len(encoded), n_failed + len(failed)
        first = first or (failed[0].failure if failed else "")
        report_progress("photos", done + n_failed, len(plan.to_encode))
    if n_failed:
        log_trouble("content.images_failed", count=n_failed, first=first)
    return {"encoded": done, "failed": n_failed, "current": plan.current, "waiting": plan.waiting}


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What is kept of a photo that was read."""

    pixels: "Tensor"  # as the encoder wants them
    fingerprint: bytes


def _prepared(encoder: ImageEncoder, photo: Photo) -> _Prepared:
    return _Prepared(encoder.prepare(photo.image), photo.fingerprint)


def _encode_photos(
    encoders: Encoders,
    batch: Sequence[PostSource],
    photos: Sequence["_Prepared | Unreadable"],
    failures: dict[str, Failure],
    settings: ContentSettings,
    now: datetime,
) -> tuple[list[Encoded], list[Failed]]:
    good: list[tuple[PostSource, _Prepared]] = []
    failed: list[Failed] = []
    for source, photo in zip(batch, photos, strict=True):
        if not isinstance(photo, Unreadable):
            good.append((source, photo))
            continue
        known = failures.get(source.post_id)
        failure = next_failure(known, source_hash=_known(source), retry=photo.retry, now=now, backoff=settings.backoff)
        failed.append(
            Failed(
                post_id=source.post_id,
                source_hash=failure.source_hash,
                failure=photo.reason,
                attempts=failure.attempts,
                next_try=failure.next_try,
                settings_hash=encoders.photos.settings_hash,
            )
        )
    if not good:
        return [], failed
    rows = encoders.image.encode_prepared([photo.pixels for _, photo in good])
    encoded = [
        Encoded(post_id=source.post_id, source_hash=_known(source), vector=row, fingerprint=photo.fingerprint)
        for (source, photo), row in zip(good, rows, strict=True)
    ]
    return encoded, failed


def _plan(
    database: Database,
    part: Part,
    sources: Iterable[PostSource],
    card: EncoderCard,
    now: datetime,
    settings_hash: str = "",
) -> tuple[EncodingPlan, dict[str, Failure]]:
    states = stored_vectors(database, part)
    failures = {
        post_id: _failure(state)
        for post_id, state in states.items()
        if state.failure is not None
        and not is_of_other_settings(state.failure, settings_hash=state.settings_hash, in_force=settings_hash)
    }
    stored = {
        post_id: StoredVector(identity=state.encoder, source_hash=state.source_hash)
        for post_id, state in states.items()
        if state.failure is None
    }
    plan = plan_encoding(sources, stored, failures, identity=card.identity, now=now)
    drop_vectors(database, part, plan.to_drop)
    return plan, failures


def _failure(state: VectorState) -> Failure:
    return Failure(source_hash=state.source_hash, attempts=state.attempts, next_try=state.next_try)


def _known(source: PostSource) -> str:
    assert source.source_hash is not None  # the plan leaves posts without a source out
    return source.source_hash
