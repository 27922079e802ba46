"""Encoders with the identity of an unavailable one, as long as its stored vectors are used."""

from dataclasses import dataclass
from typing import NoReturn

from shared.content.encoders.protocol import EncoderCard, TextEncoder
from shared.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOnlyCard(EncoderCard):
    """The card of an encoder of which only the identity is known; `version` holds it."""

    @property
    def identity(self) -> str:
        return self.version


class StoredOnlyEncoder:
    """An image or text encoder that cannot encode: only its stored vectors are used."""

    def __init__(self, *, name: str, identity: str, width: int) -> None:
        self.card = StoredOnlyCard(name=name, version=identity, width=width, normalisation="")

    def encode(self, _: object) -> NoReturn:
        raise EncoderUnavailable(f"{self.card.identity}: only its stored vectors are here; nothing can be encoded")

    prepare = encode_prepared = encode


class ContinuedEncoder:
    """A text encoder that replaces an earlier one under its identity, since their vectors are comparable."""

    def __init__(self, encoder: TextEncoder, identity: str) -> None:
        card = encoder.card
        self.card = StoredOnlyCard(name=card.name, version=identity, width=card.width, normalisation="")
        self.encode = encoder.encode


def with_identity(encoder: TextEncoder, identity: str) -> TextEncoder:
    """The encoder, or a `ContinuedEncoder` if the identity is that of an encoder whose vectors it continues."""
    return ContinuedEncoder(encoder, identity) if identity in encoder.card.continues else encoder
