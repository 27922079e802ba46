"""How words, tags and languages compare, in scripts with and without spaces."""

import unicodedata
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.preferences.words import (
    MAX_MARKS,
    MAX_TEXT,
    folded,
    folded_tag,
    has_word,
    language_of,
    searchable,
    with_few_marks,
)

MARKS = "\u0301\u0323\u0344\u0f73\uff9e"
DROPPED = "\ufe0f\0"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ramen tonight!", "ramen"),
        ("my RAMEN.", "Ramen"),
        ("ＲＡＭＥＮ", "ramen"),
        ("Große Straße", "STRASSE"),
        ("spoiler: he  dies", "he dies"),
        ("今日はラーメンを食べた", "ラーメン"),
        ("ﾗｰﾒﾝ", "ラーメン"),
        ("我爱吃拉面", "拉面"),
        ("ฉันชอบหมามาก", "หมา"),
        ("강아지는 귀여워", "강아지"),
        ("新しいiPhoneを買った", "iphone"),
        ("lunch 🍜!", "🍜"),
        ("I ❤️ it", "❤"),
        ("c++ is fun", "c++"),
        ("новая собака", "Собака"),
        ("café", "cafe\u0301"),
    ],
)
def test_a_word_is_found(text: str, word: str) -> None:
    assert has_word(searchable(folded(text)), folded(word))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("grape season", "rape"),
        ("spoilers", "spoiler"),
        ("cat_food", "cat"),
        ("cafe\u0301", "cafe"),
        ("he never dies", "he dies"),
        ("собаки", "собак"),
        ("ramen", ""),
    ],
)
def test_a_part_of_a_word_or_another_word_is_not(text: str, word: str) -> None:
    assert not has_word(searchable(folded(text)), folded(word))


def test_a_later_occurrence_counts_although_an_earlier_one_is_part_of_a_word() -> None:
    assert has_word(searchable(folded("catalogue of a cat")), "cat")


def longest_run_that_nfkc_sorts(text: str) -> int:
    """How many marks stand in a row once NFKC has decomposed each character; its time grows with the square."""
    decomposed = "".join(unicodedata.normalize("NFKD", character) for character in text)
    runs = groupby(decomposed, lambda character: unicodedata.combining(character) != 0)
    return max((len([*run]) for is_mark, run in runs if is_mark), default=0)


def test_no_caption_makes_nfkc_sort_long_runs_of_marks() -> None:
    assigned = (
        character for character in map(chr, range(0x300, 0xF0000)) if unicodedata.category(character)[0] in "LM"
    )
    marks = [mark for mark in assigned if unicodedata.combining(unicodedata.normalize("NFKD", mark)[0])]
    assert {*MARKS} <= {*marks}
    for mark in marks:
        hostile = f"{mark}\u0301\u0323" * 50
        assert longest_run_that_nfkc_sorts(hostile) >= 100
        assert longest_run_that_nfkc_sorts(with_few_marks(hostile)) <= 2 * MAX_MARKS


@pytest.mark.parametrize("text", ["word " * 10_000, "\ufdfa" * MAX_TEXT, "a" + "\u0323\u0301" * 15_000])
def test_no_caption_is_compared_beyond_its_bound(text: str) -> None:
    assert len(folded(text)) <= MAX_TEXT


def test_marks_as_any_language_writes_them_count() -> None:
    assert folded("e\u0323\u0301 นี้") != folded("e\u0323 นี")


@given(text=st.text(st.one_of(st.characters(), st.sampled_from(MARKS + DROPPED)), max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(before=st.text(max_size=10), word=st.text(min_size=1, max_size=10), after=st.text(max_size=10))
def test_a_word_between_spaces_is_always_found(before: str, word: str, after: str) -> None:
    if folded(word):
        assert has_word(searchable(f"{folded(before)} {folded(word)} {folded(after)}".strip()), folded(word))


def ends_between(before: str, after: str) -> bool:
    """Whether a word ends between two characters, as ADR 41 has it: in Latin, Han, Kana, Thai and Hangul."""
    is_of_word = [one.isalnum() or one == "_" or unicodedata.category(one)[0] == "M" for one in (before, after)]
    return not all(is_of_word) or any("\u0e00" <= one <= "\u0eff" or one >= "\u3005" for one in (before, after))


@given(text=st.text("ab_1é\u0302 .🍜ラ拉มา강", max_size=12), word=st.text("ab\u0302 .ラมา강", min_size=1, max_size=3))
def test_a_word_stands_where_words_end_at_both_of_its_ends(text: str, word: str) -> None:
    text, word = folded(text), folded(word)
    ends = {0, len(text)} | {at for at in range(1, len(text)) if ends_between(text[at - 1], text[at])}
    stands = {at for at in range(len(text)) if text.startswith(word, at) and {at, at + len(word)} <= ends}
    assert has_word(searchable(text), word) == bool(word and stands)


def test_a_text_of_one_run_has_two_ends_and_is_looked_through_at_once() -> None:
    """Not once for each of the thousands of places where a word of the same letters stands within it."""
    text = searchable(folded("a" * 10_000))
    assert text.count("\0") == 2
    assert not any(has_word(text, "a" * length) for length in range(1, 65))


def test_what_marks_the_ends_of_words_is_in_no_text() -> None:
    assert (folded("he\0re"), folded("h\0é")) == ("here", "hé")


def test_tags_compare_without_mark_and_case() -> None:
    assert {folded_tag(tag) for tag in ("#Café", "café", " ##CAFE\u0301 ")} == {"café"}


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("pt-BR", "pt"),
        ("EN", "en"),
        ("zh_Hant_TW", "zh"),
        ("und", ""),
        (None, ""),
        ("", ""),
        ("English", ""),
        ("yue", "yue"),
    ],
)
def test_a_language_is_the_first_part_of_its_tag(tag: str | None, language: str) -> None:
    assert language_of(tag) == language
