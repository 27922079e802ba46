"""Encodes the texts of requests, within bounds: the encoder is large, so it is built with the first text that comes."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from threading import BoundedSemaphore

import numpy as np

from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.judged import Units
from s02_recsys_neucf.similar.vector_space import VectorKind
from shared.content.encoders.captions import normalised
from shared.content.encoders.protocol import EncoderCard, TextEncoder
from shared.content.encoders.registry import build_text_encoder
from shared.content.encoders.stored_only import with_identity
from shared.content.settings import ContentSettings
from shared.db.vectors import ContentKind
from shared.errors import WarmlineError
from shared.logs import log_trouble
from shared.neucf.features import ContentVectors

Build = Callable[[EncoderCard], TextEncoder | None]


class TextUnusable(Exception):
    """A text cannot be compared with captions: no encoder is here, or it takes too long."""


def encoder_builder(settings: ContentSettings) -> Build:
    """Builds the encoder of a card; None if it cannot be had in that version."""

    def build(card: EncoderCard) -> TextEncoder | None:
        try:
            built = build_text_encoder(card.name, folder=settings.encoder_folder, batch_size=settings.encode_batch)
        except WarmlineError as error:
            log_trouble("recommend.no_encoder", encoder=card.identity, reason=error)
            return None
        built = with_identity(built, card.identity)
        return built if built.card.identity == card.identity else None

    return build


class TextEncoding:
    """Encodes one text at a time, in a thread of its own. A text that nobody waits for any more is not begun."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="text")
        self._room = BoundedSemaphore(2)  # one that is encoded, and one that waits
        self._built: tuple[str, TextEncoder | None] | None = None  # the identity that was wanted, and its encoder

    def unit(self, text: str, index: RecommendIndex, *, seconds: float) -> Units | None:
        """The text as a caption's vector in the index' space; None if it says nothing. -> (width,)

        Raises:
            TextUnusable: it cannot be had within this time.
        """
        plain, card = normalised(text), index.cards.get(ContentKind.CAPTION)
        reduction = index.vectors.space.reductions.get(VectorKind.CAPTION)
        if not plain:
            return None
        if reduction is None or card is None or not self._room.acquire(blocking=False):
            raise TextUnusable
        done: Future[Units | None] = self._thread.submit(self._encoded, plain, card)
        done.add_done_callback(lambda _: self._room.release())
        try:
            vector = done.result(timeout=seconds)
        except (Late, WarmlineError) as error:
            done.cancel()
            raise TextUnusable from error
        if vector is None:
            raise TextUnusable
        units = reduction.units(ContentVectors(vector[None, :], np.ones(1, np.bool_)))
        unit: Units = units.values[0].astype(np.float32)
        return unit if units.known[0] else None

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _encoded(self, text: str, card: EncoderCard) -> Units | None:
        if self._built is None or self._built[0] != card.identity:
            self._built = None
            self._built = card.identity, self._build(card)
        encoder = self._built[1]
        return None if encoder is None else encoder.encode([text])[0]
