"""Encodes a sample, so that a broken encoder is reported before a run spends hours on it."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from shared.content.encoders.protocol import EncoderCard, ImageEncoder, TextEncoder, Vectors
from shared.errors import EncoderFault

CAPTION = "a small dog runs along the beach"
SIDE = 64  # pixels


def check_text_encoder(encoder: TextEncoder) -> None:
    """Encode one caption.

    Raises:
        EncoderFault: it fails, or returns no vector of the width on its card.
    """
    _check(encoder.card, "WARMLINE_TEXT_ENCODER", partial(encoder.encode, [CAPTION]))


def check_image_encoder(encoder: ImageEncoder) -> None:
    """Encode one photo in the same two steps as a job; raises like `check_text_encoder`."""
    _check(encoder.card, "WARMLINE_IMAGE_ENCODER", lambda: encoder.encode_prepared([encoder.prepare(_photo())]))


def _check(card: EncoderCard, variable: str, encode: Callable[[], Vectors]) -> None:
    todo = f"reinstall its package and weights, or name another one ({variable})"
    try:
        got = encode()
    except Exception as error:  # libraries of models raise anything
        said = str(error) if isinstance(error, EncoderFault) else f"{card.name}: {type(error).__name__}"
        raise EncoderFault(f"a sample cannot be encoded: {said}; {todo}") from error
    if got.shape != (1, card.width) or not np.isfinite(got).all():
        raise EncoderFault(
            f"{card.name}: got an array of {got.shape} for one sample, expected (1, {card.width}), all finite; {todo}"
        )


def _photo() -> Image.Image:
    """Shades of grey: no normalisation turns them into zeros."""
    return Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
