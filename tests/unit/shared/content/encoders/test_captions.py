"""Captions as encoders read them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.content.encoders.captions import MAX_CHARACTERS, caption_hash, normalised


@pytest.mark.parametrize("caption", ["x" * 100_000, "ﷺ" * 1500, "猫 " * 5000])
def test_a_readable_caption_is_bounded(caption: str) -> None:
    assert 0 < len(normalised(caption)) <= MAX_CHARACTERS


@given(st.text(st.characters(codec=None), max_size=200))
def test_a_readable_caption_is_always_utf_8(caption: str) -> None:
    assert "\x00" not in normalised(caption).encode("utf-8").decode()


@given(st.text(max_size=200))
def test_no_character_of_a_readable_caption_unfolds_further(caption: str) -> None:
    assert all(unicodedata.normalize("NFKC", character) == character for character in normalised(caption))


def test_white_space_alone_is_nothing_to_encode() -> None:
    assert caption_hash(" \n\t　") is None


def test_no_caption_is_nothing_to_encode() -> None:
    assert caption_hash(None) is None


def test_an_edited_caption_has_another_hash() -> None:
    assert caption_hash("my cat") != caption_hash("my cats")


def test_spaces_around_a_caption_do_not_change_its_hash() -> None:
    assert caption_hash(" my  cat ") == caption_hash("my cat")
