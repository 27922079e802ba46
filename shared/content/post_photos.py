"""Several photos of one post: which are read together, and how their results become one vector. Pure.

A post's vector is the mean of the unit vectors of those of its photos that can be read. Where some cannot, it is stored
as *partial*: then the post still waits for the others, by the rules for a photo that failed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.content.encoders.captions import content_hash_of
from shared.content.encoding_plan import PostSource
from shared.content.photos.photo_source import PhotoState
from shared.content.photos.unreadable import Fault, Unreadable

_PARTIAL = "partial "
_NO_DIRECTION = 1e-3  # a mean that is shorter says nothing: its photos are opposites


class EncodedPhoto(NamedTuple):
    """What a photo that was read gave."""

    vector: NDArray[np.float32]  # (width,)
    fingerprint: bytes


def state_of(photos: Sequence[PhotoState]) -> PhotoState | None:
    """What is known about a post's photos without reading them; None if there are none."""
    if len(photos) <= 1:
        return photos[0] if photos else None
    together = "\n".join(photo.source_hash for photo in photos)
    return PhotoState(source_hash=content_hash_of(together.encode()), is_away=any(photo.is_away for photo in photos))


def photo_batches(
    posts: Sequence[PostSource], n_photos: Mapping[str, int], size: int
) -> Iterator[tuple[PostSource, ...]]:
    """Posts in batches of up to `size` photos, or of one post that has more."""
    batch: list[PostSource] = []
    n_waiting = 0
    for post in posts:
        if batch and n_waiting + n_photos[post.post_id] > size:
            yield tuple(batch)
            batch, n_waiting = [], 0
        batch.append(post)
        n_waiting += n_photos[post.post_id]
    if batch:
        yield tuple(batch)


def vector_of(photos: Sequence[EncodedPhoto]) -> NDArray[np.float32]:
    """The vector of a post with these photos, at least one. (n_photos, width) -> (width,)

    Of one photo it is the photo's own, bit for bit.
    """
    if len(photos) == 1:
        return photos[0].vector
    rows = np.stack([photo.vector for photo in photos]).astype(np.float64)
    mean: NDArray[np.float64] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(axis=0)
    return mean.astype(np.float32) if np.linalg.norm(mean) > _NO_DIRECTION else photos[0].vector


def soonest(failures: Sequence[Unreadable]) -> int:
    """The index of the failure that says when a post's photos are tried again: of an outage, else one to be retried."""
    ranks = [(each.fault is not Fault.SOURCE_AWAY, not each.may_be_outage, not each.retry) for each in failures]
    return min(range(len(ranks)), key=ranks.__getitem__)


def partial_hash(source_hash: str) -> str:
    """The hash under which the vector of some of the photos is stored: never that of all of them."""
    return _PARTIAL + source_hash


def is_partial(source_hash: str) -> bool:
    """Whether a stored vector is of some of its post's photos only."""
    return source_hash.startswith(_PARTIAL)
