"""What of HTML is taken out of a caption, and what is no HTML."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text.markup import without_markup


@pytest.mark.parametrize(
    ("caption", "seen"),
    [
        ("<p>A <b>red</b> cat</p>", " A red cat "),
        ("one<br/>two", "one two"),
        ("un<b>break</b>able", "unbreakable"),
        ('<a href="https://x/?a=1&amp;b=2">here</a>', "here"),
        ("cats &amp; dogs &lt;3 &#128049; &#x1F436;", "cats & dogs <3 🐱 🐶"),
        ("a<script>alert('x')</script>b", "a b"),
        ("a<!-- no -->b", "a b"),
        ("cut off <a href='x", "cut off "),
    ],
)
def test_html_is_taken_out(caption: str, seen: str) -> None:
    assert without_markup(caption) == seen


@pytest.mark.parametrize("caption", ["I <3 cats", "a < b > c", "AT&T &c", "5 <6", "-> <-", "&copy", "📷 日本"])
def test_what_is_no_html_stays(caption: str) -> None:
    assert without_markup(caption) == caption


@given(text=st.text(st.characters(exclude_characters="<&")))
def test_a_text_without_its_marks_stays(text: str) -> None:
    assert without_markup(text) is text


@pytest.mark.parametrize("piece", ["<a", "<script>", "<!--", "&#", "<b ", "</"])
def test_a_long_caption_of_marks_takes_no_time(piece: str) -> None:
    begun = time.monotonic()
    without_markup(piece * 5_000)
    assert time.monotonic() - begun < 2.0
