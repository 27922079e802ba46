"""Encoders under the identity of one that is gone, while the vectors that it made are still of use."""

from dataclasses import dataclass
from typing import NoReturn

from shared.content.encoders.protocol import EncoderCard, TextEncoder
from shared.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOnlyCard(EncoderCard):
    """The card of an encoder that is known by its identity alone, which stands in `version`."""

    @property
    def identity(self) -> str:
        return self.version


class StoredOnlyEncoder:
    """An image or text encoder that encodes nothing."""

    def __init__(self, *, name: str, identity: str, width: int) -> None:
        self.card = StoredOnlyCard(name=name, version=identity, width=width, normalisation="")

    def encode(self, _: object) -> NoReturn:
        raise EncoderUnavailable(f"{self.card.identity}: only its stored vectors are here; nothing can be encoded")

    prepare = encode_prepared = encode


class ContinuedEncoder:
    """A text encoder that goes on for an earlier one, under the earlier one's identity."""

    def __init__(self, encoder: TextEncoder) -> None:
        card = encoder.card
        self.card = StoredOnlyCard(name=card.name, version=card.continues, width=card.width, normalisation="")
        self.encode = encoder.encode


def with_identity(encoder: TextEncoder, identity: str) -> TextEncoder:
    """The encoder, or its `ContinuedEncoder` where the identity is that of the encoder whose vectors it continues."""
    return ContinuedEncoder(encoder) if identity == encoder.card.continues else encoder
