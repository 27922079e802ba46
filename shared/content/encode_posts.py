"""Encodes new and changed captions and photos, and stores the vectors in PostgreSQL batch by batch.

Each batch is stored before the next begins, so after a crash the next run continues where this one stopped. A failure
is recorded with its reason and tried again later; it never gets a zero vector, and an earlier vector stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from shared.content.encode_each import encode_each
from shared.content.encode_photos import encode_images, photo_work
from shared.content.encoders.captions import caption_hash
from shared.content.encoders.protocol import ImageEncoder, TextEncoder
from shared.content.encoders.registry import build_image_encoder, build_text_encoder
from shared.content.encoders.self_test import check_image_encoder, check_text_encoder
from shared.content.encoders.stored_only import StoredOnlyEncoder, with_identity
from shared.content.encoding_plan import PostSource
from shared.content.encoding_work import (
    EncodingResult,
    EncodingWork,
    begin_encoding,
    plan_work,
    split_by_success,
    store,
)
from shared.content.photo_clusters import cluster_photos
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.vectors import ContentKind, PostContent, adopt_vectors, load_content
from shared.errors import EncoderUnavailable
from shared.logs import log_trouble, stage
from shared.neucf.manifest import Encoder as ModelEncoder
from shared.run_progress import ReportProgress, ignore_progress

# MiniLM batches captions of similar length, and many captions have more of these: 17 ms each, 29 in a batch of 32.
CAPTIONS_PER_BATCH = 8  # batches of captions that are stored together; a crash loses some seconds at most

Built = TypeVar("Built", ImageEncoder, TextEncoder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoders:
    """The encoders in use."""

    image: ImageEncoder
    caption: TextEncoder
    photos: PhotoSource


def build_encoders(settings: ContentSettings) -> Encoders:
    """Build the encoders that the settings name.

    Raises:
        EncoderUnavailable: one is unknown, or its package or weights are missing.
    """
    folder, batch = settings.encoder_folder, settings.encode_batch
    return Encoders(
        image=build_image_encoder(settings.image_encoder, folder=folder, batch_size=batch),
        caption=build_text_encoder(settings.text_encoder, folder=folder, batch_size=batch),
        photos=build_photo_source(settings),
    )


def build_served_encoders(settings: ContentSettings, *, image: ModelEncoder, caption: ModelEncoder) -> Encoders:
    """Build the encoders that a model was trained with, even if the settings name others now.

    One that is unavailable, or available only in another version, is replaced by its stored vectors.
    """
    folder, batch = settings.encoder_folder, settings.encode_batch

    def text_encoder(name: str) -> TextEncoder:
        return with_identity(build_text_encoder(name, folder=folder, batch_size=batch), caption.version)

    return Encoders(
        image=_as_trained(image, lambda name: build_image_encoder(name, folder=folder, batch_size=batch)),
        caption=_as_trained(caption, text_encoder),
        photos=build_photo_source(settings),
    )


def _as_trained(encoder: ModelEncoder, build: Callable[[str], Built]) -> Built | StoredOnlyEncoder:
    try:
        built = build(encoder.name)
    except EncoderUnavailable as error:
        reason = str(error)
    else:
        if built.card.identity == encoder.version:
            return built
        reason = f"here it is {built.card.identity}"
    log_trouble("content.encoder_absent", encoder=encoder.version, reason=reason)
    return StoredOnlyEncoder(name=encoder.name, identity=encoder.version, width=encoder.width)


def build_photo_source(settings: ContentSettings) -> PhotoSource:
    """Build the source of photos that the settings describe."""
    return PhotoSource(
        media_root=settings.media_root,
        hosts=settings.image_hosts,
        limits=settings.fetch_limits,
        max_pixels=settings.max_pixels,
        threads=settings.image_threads,
    )


def encode_new(
    database: Database,
    encoders: Encoders,
    settings: ContentSettings,
    now: datetime,
    report_progress: ReportProgress = ignore_progress,
) -> dict[str, Any]:
    """Encode what is new, and cluster near-identical photos.

    Returns:
        How many captions and photos were encoded, how many failed, and how many cannot be reached now; `away` names
        the origins that are down, and what most posts lost at once.

    Raises:
        EncoderFault: an encoder fails on a sample; nothing was encoded.
    """
    with database.read() as snapshot:
        posts = list(load_content(snapshot, now=now))
    report_progress("captions", 0, 1)
    caption_work = _caption_work(database, encoders.caption, posts, settings, now)
    image_work = photo_work(database, encoders.image, encoders.photos, posts, settings, now)
    # Both are checked before the first caption: photos come after all captions, which may take hours.
    if caption_work is not None and caption_work.plan.to_encode:
        check_text_encoder(encoders.caption)
    if image_work is not None and image_work.plan.to_encode:
        check_image_encoder(encoders.image)
    with stage("content.captions") as facts:
        captions = _encode_captions(caption_work, encoders.caption, posts, report_progress)
        facts.update(captions.facts())
    with stage("content.images") as facts:
        images = encode_images(image_work, encoders.image, encoders.photos, posts, report_progress)
        facts.update(images.facts())
    with stage("content.clusters") as facts:
        facts.update(cluster_photos(database, posts))
    return {
        "captions": captions.encoded,
        "images": images.encoded,
        "images_failed": images.failed,
        "images_away": images.away,
        "away": [*captions.outages, *images.outages],
    }


def _caption_work(
    database: Database, encoder: TextEncoder, posts: Sequence[PostContent], settings: ContentSettings, now: datetime
) -> EncodingWork | None:
    """What is to be done; None by an encoder of which only the vectors are left."""
    if isinstance(encoder, StoredOnlyEncoder):
        return None
    sources = [
        PostSource(post_id=post.post_id, created_at=post.created_at, source_hash=caption_hash(post.caption))
        for post in posts
    ]
    if encoder.card.continues:  # what was read in the same way before need not be encoded again
        hashes = {source.post_id: source.source_hash for source in sources if source.source_hash is not None}
        adopt_vectors(
            database, ContentKind.CAPTION, encoder=encoder.card.identity, of=encoder.card.continues[0], hashes=hashes
        )  # fmt: skip
    return plan_work(database, ContentKind.CAPTION, sources, encoder.card, settings, now, {})


def _encode_captions(
    work: EncodingWork | None, encoder: TextEncoder, posts: Sequence[PostContent], report_progress: ReportProgress
) -> EncodingResult:
    if work is None:
        return EncodingResult()
    captions = {post.post_id: post.caption for post in posts}
    outcome = begin_encoding(work)
    for batch in work.plan.batches(CAPTIONS_PER_BATCH * work.settings.encode_batch):
        rows = encode_each(encoder.encode, [captions[source.post_id] for source in batch])
        encoded, failed = split_by_success(batch, rows)
        store(work, encoded, failed, outcome)
        report_progress("captions", outcome.encoded + outcome.failed, len(work.plan.to_encode))
    if outcome.failed:
        log_trouble("content.captions_failed", count=outcome.failed)
    return outcome
