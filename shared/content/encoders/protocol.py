"""What an encoder is: a card that says which one, and `encode`. Vectors of two cards are never mixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.content.target_size import TargetSize
from shared.errors import EncoderFault

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Vectors = NDArray[np.float32]

# Raise it when photos are decoded or captions cleaned in another way: every stored vector is then encoded again.
READING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderCard:
    """Which encoder made a vector.

    Attributes:
        name: the setting that built it, such as `timm:tf_efficientnet_lite0`.
        version: changes with the weights: a hash of them, or the version of the package that carries them.
        width: numbers in a vector.
        normalisation: what is done to the input before, and to the vector after the model.
        continues: the identity of an earlier encoder whose vectors are nearly these; a model that was trained with
            those may be given these for new posts, until its successor is promoted.
        target_size: what `prepare` of an image encoder resizes to first; it may be given photos that have this size.
    """

    name: str
    version: str
    width: int
    normalisation: str
    continues: str = ""
    target_size: TargetSize | None = None

    @property
    def identity(self) -> str:
        """The string that stands beside every stored vector; equal identities mean comparable vectors."""
        return f"{self.name} version={self.version} width={self.width} reading={READING} {self.normalisation}"


class TextEncoder(Protocol):
    """Captions to vectors."""

    @property
    def card(self) -> EncoderCard: ...

    def encode(self, captions: Sequence[str]) -> Vectors:
        """Unit vectors, (n captions, width) float32. A caption's vector does not depend on its neighbours."""
        ...


class ImageEncoder(Protocol):
    """Photos, as `photo_source.PhotoSource` reads them, to vectors."""

    @property
    def card(self) -> EncoderCard: ...

    def encode(self, images: Sequence["Image"]) -> Vectors:
        """Unit vectors, (n images, width) float32. An image's vector does not depend on its neighbours."""
        ...

    def prepare(self, image: "Image") -> "Tensor":
        """What the model reads of one image: small, and made in any thread."""
        ...

    def encode_prepared(self, prepared: Sequence["Tensor"]) -> Vectors:
        """`encode` of images that were prepared before."""
        ...


def unit_rows(rows: NDArray[np.floating], card_name: str) -> Vectors:
    """Each row at length 1.

    Raises:
        EncoderFault: a row is not finite or all zero. Such a row has no direction, and must not pass for a vector.
    """
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    broken = int(np.count_nonzero(~(np.isfinite(lengths) & (lengths > 0))))
    if broken:
        raise EncoderFault(f"{card_name}: got {broken} of {len(rows)} vectors not finite or zero; check its weights")
    return np.asarray(rows / lengths, dtype=np.float32)
