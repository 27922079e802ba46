"""The interface of an encoder: a card that identifies it, and `encode`. Vectors of two cards are never mixed."""

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
    """Identifies the encoder that made a vector.

    Attributes:
        name: the setting that names it, such as `timm:tf_efficientnet_lite0`.
        version: changes with the weights: their hash, or the version of the package that contains them.
        width: length of a vector.
        normalisation: how the input is prepared before the model, and the vector after it.
        continues: the identities of earlier encoders with nearly the same vectors, the latest first; a model trained
            with one of them may be given vectors of this one for new posts, until a newer model is promoted. The
            vectors of the first one are the same for equal sources.
        target_size: what `prepare` of an image encoder resizes to first; it may be given photos that have this size.
    """

    name: str
    version: str
    width: int
    normalisation: str
    continues: tuple[str, ...] = ()
    target_size: TargetSize | None = None

    @property
    def identity(self) -> str:
        """The string stored with every vector; vectors with equal identities are comparable."""
        return f"{self.name} version={self.version} width={self.width} reading={READING} {self.normalisation}"


class TextEncoder(Protocol):
    """Encodes captions."""

    @property
    def card(self) -> EncoderCard: ...

    def encode(self, captions: Sequence[str]) -> Vectors:
        """Unit vectors, (n captions, width) float32. A caption's vector does not depend on the rest of the batch."""
        ...


class ImageEncoder(Protocol):
    """Encodes photos as `photo_source.PhotoSource` reads them."""

    @property
    def card(self) -> EncoderCard: ...

    def encode(self, images: Sequence["Image"]) -> Vectors:
        """Unit vectors, (n images, width) float32. An image's vector does not depend on the rest of the batch."""
        ...

    def prepare(self, image: "Image") -> "Tensor":
        """The model's input for one image: small, and made in any thread."""
        ...

    def encode_prepared(self, prepared: Sequence["Tensor"]) -> Vectors:
        """`encode` for prepared images."""
        ...


def unit_rows(rows: NDArray[np.floating], card_name: str) -> Vectors:
    """Normalise each row to length 1.

    Raises:
        EncoderFault: a row is not finite or all zero, so it has no direction.
    """
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    broken = int(np.count_nonzero(~(np.isfinite(lengths) & (lengths > 0))))
    if broken:
        raise EncoderFault(f"{card_name}: got {broken} of {len(rows)} vectors not finite or zero; check its weights")
    return np.asarray(rows / lengths, dtype=np.float32)
