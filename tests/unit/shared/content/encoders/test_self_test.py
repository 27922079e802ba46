"""A broken encoder is told of by a sample."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from shared.content.encoders.protocol import EncoderCard, ImageEncoder, TextEncoder, Vectors
from shared.content.encoders.self_test import check_image_encoder, check_text_encoder
from shared.errors import EncoderFault

CARD = EncoderCard(name="ours", version="1", width=2, normalisation="none")


class Answers:
    """A caption encoder that gives the same rows, whatever it is asked."""

    def __init__(self, rows: Vectors, card: EncoderCard = CARD) -> None:
        self.card, self._rows = card, rows

    def encode(self, captions: Sequence[str]) -> Vectors:
        return self._rows


def test_encoders_in_order_pass(efficientnet: ImageEncoder, text_encoder: TextEncoder) -> None:
    check_image_encoder(efficientnet)
    check_text_encoder(text_encoder)


@pytest.mark.parametrize(
    ("rows", "got"),
    [
        (np.ones((1, 3), np.float32), r"\(1, 3\)"),
        (np.ones((2, 2), np.float32), r"\(2, 2\)"),
        (np.array([[1, np.nan]], np.float32), r"\(1, 2\)"),
    ],
)
def test_a_vector_that_was_not_promised_is_refused_with_got_and_expected(rows: Vectors, got: str) -> None:
    with pytest.raises(EncoderFault, match=rf"ours: got an array of {got} .*expected \(1, 2\).*WARMLINE_TEXT_ENCODER"):
        check_text_encoder(Answers(rows))


def test_whatever_a_library_raises_is_one_line_without_its_words() -> None:
    class Fails(Answers):
        def encode(self, captions: Sequence[str]) -> Vectors:
            raise RuntimeError("a secret path\nand more")

    with pytest.raises(EncoderFault) as caught:
        check_text_encoder(Fails(np.ones((1, 2), np.float32), replace(CARD, name="other")))
    assert str(caught.value).startswith("a sample cannot be encoded: other: RuntimeError; reinstall")
