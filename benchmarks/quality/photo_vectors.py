"""Encodes a folder of photos once with the model's encoders, and caches the vectors in a folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from demo.simulator.folder import CaptionedPhoto
from demo.simulator.simulate import PhotoWorld
from shared.content.encoders.protocol import ImageEncoder, TextEncoder
from shared.content.encoders.registry import OFFLINE_ENGLISH, OFFLINE_IMAGE, build_image_encoder, build_text_encoder
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.neucf.features import ContentVectors, PostFeatures

AT_ONCE = 32  # photos or captions in one call

Float32s = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderVectors:
    """Vectors of all photos of a folder and of all their captions, of which each seed shows a selection."""

    image: Float32s  # (n_photos, width)
    readable: NDArray[np.bool_]  # (n_photos,)
    caption: Float32s  # (n_captions, width), photo after photo
    first_caption: NDArray[np.int64]  # (n_photos,) where a photo's captions begin

    def of(self, world: PhotoWorld) -> PostFeatures:
        """The features of a world's posts."""
        captions = self.caption[self.first_caption[world.photo] + world.shown]
        return PostFeatures(
            image=ContentVectors(self.image[world.photo], self.readable[world.photo]),
            caption=ContentVectors(captions, np.ones(len(captions), dtype=np.bool_)),
        )


def encode_folder(
    photos: Sequence[CaptionedPhoto],
    cache: Path,
    *,
    image_encoder: str = OFFLINE_IMAGE,
    text_encoder: str = OFFLINE_ENGLISH,
) -> FolderVectors:
    """Read the vectors from `cache`, or encode them and write them there.

    Raises:
        EncoderUnavailable: an encoder is unknown, or its package or weights are missing.
    """
    image, text = build_image_encoder(image_encoder), build_text_encoder(text_encoder)
    path = cache / f"photos-{_identity(photos, image, text)}.npz"
    known = _read(path)
    if known is None:
        known = _encode(photos, image, text)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, image=known.image, readable=known.readable, caption=known.caption, first=known.first_caption)
    return known


def _read(path: Path) -> FolderVectors | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return FolderVectors(
                image=kept["image"],
                readable=kept["readable"],
                caption=kept["caption"],
                first_caption=kept["first"],
            )
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):  # not there, or a run was cut off while it wrote
        return None


def _encode(photos: Sequence[CaptionedPhoto], image: ImageEncoder, text: TextEncoder) -> FolderVectors:
    captions = [caption for photo in photos for caption in photo.captions]
    counts = np.array([len(photo.captions) for photo in photos], dtype=np.int64)
    vectors = np.zeros((len(photos), image.card.width), dtype=np.float32)
    readable = np.zeros(len(photos), dtype=np.bool_)
    for start in range(0, len(photos), AT_ONCE):
        loaded = _load(photos[start : start + AT_ONCE])
        good = np.array([start + index for index, photo in enumerate(loaded) if photo is not None], dtype=np.int64)
        if len(good):
            vectors[good] = image.encode([photo.image for photo in loaded if photo is not None])
            readable[good] = True
    encoded = [text.encode(captions[start : start + AT_ONCE]) for start in range(0, len(captions), AT_ONCE)]
    return FolderVectors(
        image=vectors, readable=readable, caption=np.concatenate(encoded), first_caption=np.cumsum(counts) - counts
    )


def _load(photos: Sequence[CaptionedPhoto]) -> list[Photo | None]:
    """Read the photos like a service; None if one cannot be read."""
    loaded = [PhotoSource(media_root=photo.path.parent).load(photo.path.name) for photo in photos]
    return [photo if isinstance(photo, Photo) else None for photo in loaded]


def _identity(photos: Sequence[CaptionedPhoto], image: ImageEncoder, text: TextEncoder) -> str:
    """A name that changes with the encoders, the captions and the photos' names and sizes."""
    told = [image.card.identity, text.card.identity]
    told += [f"{photo.path.name} {_size(photo.path)} {photo.captions}" for photo in photos]
    return hashlib.blake2b("\n".join(told).encode(), digest_size=8).hexdigest()


def _size(path: Path) -> int:
    """In bytes; 0 if there is no such photo: a post may have a caption alone."""
    return path.stat().st_size if path.is_file() else 0
