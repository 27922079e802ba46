"""Stands for an encoder that cannot be had here any more, while the vectors that it made are still of use."""

from dataclasses import dataclass
from typing import NoReturn

from shared.content.protocol import EncoderCard
from shared.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCard(EncoderCard):
    """The card of an encoder that is known by its identity alone, which stands in `version`."""

    @property
    def identity(self) -> str:
        return self.version


class StoredOnly:
    """An image or text encoder that encodes nothing."""

    def __init__(self, *, name: str, identity: str, width: int) -> None:
        self.card = StoredCard(name=name, version=identity, width=width, normalisation="")

    def encode(self, _: object) -> NoReturn:
        raise EncoderUnavailable(f"{self.card.identity}: only its stored vectors are here; nothing can be encoded")

    prepare = encode_prepared = encode
