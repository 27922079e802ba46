"""How words, tags and languages are compared. Pure.

Texts are folded first: NFKC, then case folding (so that "STRASSE" is "straße", and full-width letters are letters). A
word is found where it stands by itself. In scripts that write no spaces between words (Chinese, Japanese, Thai, Lao,
Khmer, Burmese, Tibetan), and in Korean, which joins particles to words, it is found anywhere: only a dictionary could
say where a word ends there. Where two scripts meet, a word ends.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Set
from functools import cache, lru_cache
from itertools import groupby, islice

MAX_WORD = 64  # characters of a muted word or phrase, and of a tag
MAX_TAGS = 50  # of one post
MAX_TEXT = 2_000  # characters of a text that are compared; what follows them is not
# Marks in a row that are compared, as many as any language writes with room to spare. NFKC sorts them, in a time that
# grows with the square of their number.
MAX_MARKS = 8
# What only NFKC turns into marks: Tibetan vowels and half-width Japanese sound marks.
_LATE_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
# Of a character as text or as emoji: the same character. And what marks the ends of words.
_DROPPED = ("\ufe0e", "\ufe0f", "\0")
_ASCII_TOKEN = re.compile(r"\w+|.", re.ASCII | re.DOTALL)  # what `_token` finds, in a quarter of the time
IS_LANGUAGE = re.compile(r"([a-z]{2,3})([-_][a-z0-9]+)*")
# What a post may name instead of a language: several, none, unknown, uncoded.
_NO_LANGUAGE = frozenset({"mul", "zxx", "und", "mis"})
# First and last character of each range of scripts without spaces; ascending.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007),
    (0x3040, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_MARKS, _LATE_SELECTORS = range(0x300, 0x20000), range(0xE0100, 0xE01F0)  # all marks are among them
_STARTS = tuple(first for first, _ in _UNSPACED)


def folded(text: str) -> str:
    """A text in the form in which texts are compared; white space becomes single spaces, none at either end.

    The time is bounded, whatever the text: only its first `MAX_TEXT` characters are compared, before and after.
    """
    text = text[:MAX_TEXT]
    for character in _DROPPED:
        text = text.replace(character, "")
    if text.isascii():
        text = text.lower()
    else:
        compatible = unicodedata.normalize("NFKC", with_few_marks(text))
        # Case folding may give what NFKC would write otherwise, and one character may become many.
        same = unicodedata.normalize("NFKC", with_few_marks(compatible[:MAX_TEXT].casefold()))
        text = with_few_marks(same)
    return " ".join(text.split())[:MAX_TEXT].rstrip()


def with_few_marks(text: str) -> str:
    """The text without the marks that follow `MAX_MARKS` others in a row."""
    if not any(map(unicodedata.combining, text)) and _LATE_MARKS.isdisjoint(text):
        return text
    runs = ((is_mark, run) for is_mark, run in groupby(text, _is_mark))
    return "".join("".join(islice(run, MAX_MARKS) if is_mark else run) for is_mark, run in runs)


def _is_mark(character: str) -> bool:
    """Whether NFKC may give it another place among its neighbours."""
    return unicodedata.combining(character) != 0 or character in _LATE_MARKS


def folded_tag(tag: str) -> str:
    """A tag as it is compared: "#Café" and "café" are one."""
    return folded(tag).lstrip("#").strip()


def language_of(tag: str | None) -> str:
    """The language of a BCP 47 tag without script and region ("pt" of "pt-BR"); "" if it names none."""
    found = IS_LANGUAGE.fullmatch(tag.strip().lower()) if tag else None
    return "" if found is None or found[1] in _NO_LANGUAGE else found[1]


def searchable(text: str) -> str:
    """A folded text with a mark between any two characters where a word may end, and at both ends.

    So a word stands in a text if it does with its marks: whether one ends between two characters depends on them alone.
    """
    token = _ASCII_TOKEN if text.isascii() else _token()
    return "\0".join(("", *token.findall(text), ""))


@lru_cache(maxsize=10_000)
def searchable_word(word: str) -> str:
    """The same of a folded word or phrase, which many posts are compared with."""
    return searchable(word)


def parts_of(text: str) -> Set[str]:
    """What a `searchable` text consists of; a word can stand only in texts with all of its parts."""
    return {*text.split("\0")} - {"", " "}


def has_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in a text; the word is folded, the text is so and `searchable`."""
    return bool(word) and searchable_word(word) in text


@cache
def _token() -> re.Pattern[str]:
    """What no word ends in: a run of letters, digits, underscores and marks, or any other character."""
    marks = [code for code in (*_MARKS, *_LATE_SELECTORS) if _is_mark_of_word(chr(code))]
    runs = ([code for _, code in run] for _, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0]))
    unspaced, joined = _ranges(_UNSPACED), _ranges((run[0], run[-1]) for run in runs)
    return re.compile(rf"(?:[^\W{unspaced}]+|[{joined}]+)+|.", re.DOTALL)


def _ranges(pairs: Iterable[tuple[int, int]]) -> str:
    return "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in pairs)


def _is_mark_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" and not _is_unspaced(character)


def _is_unspaced(character: str) -> bool:
    code = ord(character)
    index = bisect_right(_STARTS, code) - 1
    return index >= 0 and code <= _UNSPACED[index][1]
