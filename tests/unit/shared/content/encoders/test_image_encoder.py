"""The offline image encoder, on pictures whose kinship is known."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from shared.content.encoders.image_timm import target_size_of
from shared.content.encoders.protocol import ImageEncoder
from shared.content.encoders.registry import OFFLINE_IMAGE, build_image_encoder
from shared.content.encoders.weights import fingerprint
from shared.content.photos.downscale import resize
from shared.content.target_size import TargetSize


def stripes(colour: str, step: int, *, upright: bool) -> Image.Image:
    image = Image.new("RGB", (300, 240), "white")
    draw = ImageDraw.Draw(image)
    for start in range(0, 300, 2 * step):
        draw.rectangle((start, 0, start + step, 240) if upright else (0, start, 300, start + step), fill=colour)
    return image


IMAGES = [stripes("red", 12, upright=True), stripes("red", 14, upright=True), Image.new("RGB", (50, 90), "navy")]


def test_vectors_have_the_stated_width(efficientnet: ImageEncoder) -> None:
    assert efficientnet.encode(IMAGES).shape == (3, efficientnet.card.width) == (3, 1280)


def test_vectors_have_length_one(efficientnet: ImageEncoder) -> None:
    np.testing.assert_allclose(np.linalg.norm(efficientnet.encode(IMAGES), axis=1), 1.0, atol=1e-5)


def test_the_same_images_give_the_same_vectors(efficientnet: ImageEncoder) -> None:
    assert np.array_equal(efficientnet.encode(IMAGES), efficientnet.encode(IMAGES))


def test_a_batch_equals_its_images_one_by_one(efficientnet: ImageEncoder) -> None:
    singles = np.concatenate([efficientnet.encode([image]) for image in IMAGES])
    np.testing.assert_allclose(efficientnet.encode(IMAGES), singles, atol=1e-5)


def test_more_images_than_a_batch_keep_their_order(efficientnet: ImageEncoder) -> None:
    in_twos = build_image_encoder(OFFLINE_IMAGE, batch_size=2)
    np.testing.assert_allclose(in_twos.encode(IMAGES), efficientnet.encode(IMAGES), atol=1e-5)


def test_images_prepared_elsewhere_give_the_same_vectors(efficientnet: ImageEncoder) -> None:
    prepared = [efficientnet.prepare(image) for image in IMAGES]
    np.testing.assert_array_equal(efficientnet.encode_prepared(prepared), efficientnet.encode(IMAGES))


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 4), (3, 2), (224, 224), (256, 256), (256, 1000), (255, 257), (1080, 1350), (1281, 257)]
)
def test_images_in_the_target_size_are_prepared_bit_for_bit_as_whole_ones(
    efficientnet: ImageEncoder, size: tuple[int, int]
) -> None:
    image = Image.effect_noise(size, 100).convert("RGB")
    target = efficientnet.card.target_size
    assert target == TargetSize(256, Image.Resampling.BICUBIC)
    assert torch.equal(efficientnet.prepare(resize(image, target)), efficientnet.prepare(image))


@pytest.mark.parametrize("crop_mode", ["squash", "border"])
def test_an_encoder_that_resizes_in_another_way_is_given_whole_images(crop_mode: str) -> None:
    from timm.data import create_transform  # after the guard for torchvision, which the encoder's module sets

    assert target_size_of(create_transform(input_size=(3, 96, 96), crop_mode=crop_mode)) is None


def test_no_images_give_no_rows(efficientnet: ImageEncoder) -> None:
    assert efficientnet.encode([]).shape == (0, 1280)


def test_like_pictures_are_nearer_than_unlike_ones(efficientnet: ImageEncoder) -> None:
    first, second, other = efficientnet.encode(IMAGES)
    assert first @ second > first @ other + 0.1


def test_the_preprocessing_is_the_one_the_weights_were_trained_with(efficientnet: ImageEncoder) -> None:
    assert "input=224x224 bicubic" in efficientnet.card.normalisation
    assert "mean=0.500,0.500,0.500 std=0.500,0.500,0.500" in efficientnet.card.normalisation


def test_the_fingerprint_changes_with_one_weight() -> None:
    weights = torch.zeros(4)
    other = weights.clone()
    other[3] = 1e-6
    assert fingerprint({"layer": weights}) != fingerprint({"layer": other})


def test_the_fingerprint_does_not_depend_on_the_order_of_tensors() -> None:
    one, two = torch.zeros(2), torch.ones(3)
    assert fingerprint({"a": one, "b": two}) == fingerprint({"b": two, "a": one})
