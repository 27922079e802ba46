"""The packaged encoders for tests of something else: built once in a process, and each photo looked at once.

Building the two takes longer than most of what such a test does, and nearly all of them draw the same photos.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from shared.content.encoders import registry
from shared.content.encoders.protocol import EncoderCard, ImageEncoder, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@contextmanager
def built_once() -> Iterator[None]:
    """Jobs of this block get the encoders that they name from this process's cache; errors are not kept."""
    with (
        patch("shared.content.encode_posts.build_image_encoder", _image_encoder),
        patch("shared.content.encode_posts.build_text_encoder", _text_encoder),
    ):
        yield


class RememberingEncoder:
    """An image encoder that keeps the vector of each photo, which does not depend on those encoded with it."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self._encoder = encoder
        self._vectors: dict[bytes, Any] = {}  # by a digest of the prepared pixels

    @property
    def card(self) -> EncoderCard:
        return self._encoder.card

    def prepare(self, image: "Image") -> "Tensor":
        return self._encoder.prepare(image)

    def encode(self, images: "Sequence[Image]") -> Vectors:
        return self.encode_prepared([self.prepare(image) for image in images])

    def encode_prepared(self, prepared: "Sequence[Tensor]") -> Vectors:
        digests = [blake2b(pixels.numpy().tobytes()).digest() for pixels in prepared]
        unknown = {key: pixels for key, pixels in zip(digests, prepared, strict=True) if key not in self._vectors}
        if unknown:
            self._vectors.update(zip(unknown, self._encoder.encode_prepared(list(unknown.values())), strict=True))
        return np.stack([self._vectors[key] for key in digests])


@cache
def _image_encoder(name: str, **options: Any) -> RememberingEncoder:
    return RememberingEncoder(registry.build_image_encoder(name, **options))


_text_encoder = cache(registry.build_text_encoder)
