"""How words, tags and languages are compared. Pure.

Texts are folded first: NFKC, then case folding (so that "STRASSE" is "straße", and full-width letters are letters). A
word is found where it stands by itself. In scripts that write no spaces between words (Chinese, Japanese, Thai, Lao,
Khmer, Burmese, Tibetan), and in Korean, which joins particles to words, it is found anywhere: only a dictionary could
say where a word ends there. Where two scripts meet, a word ends.
"""

import re
import unicodedata
from bisect import bisect_right

MAX_WORD = 64  # characters of a muted word or phrase, and of a tag
MAX_TAGS = 50  # of one post
_PRESENTATION = dict.fromkeys((0xFE0E, 0xFE0F))  # of a character as text or as emoji: the same character
_SPACE = re.compile(r"\s+")
IS_LANGUAGE = re.compile(r"([a-z]{2,3})([-_][a-z0-9]+)*")
# What a post may name instead of a language: several, none, unknown, uncoded.
_NO_LANGUAGE = frozenset({"mul", "zxx", "und", "mis"})
# First and last character of each range of scripts without spaces; ascending.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007),
    (0x3040, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_STARTS = tuple(first for first, _ in _UNSPACED)


def folded(text: str) -> str:
    """A text in the form in which texts are compared; white space becomes single spaces, none at either end."""
    compatible = unicodedata.normalize("NFKC", text)
    # Case folding may give what NFKC would write otherwise.
    same = unicodedata.normalize("NFKC", compatible.casefold()).translate(_PRESENTATION)
    return _SPACE.sub(" ", same).strip()


def folded_tag(tag: str) -> str:
    """A tag as it is compared: "#Café" and "café" are one."""
    return folded(tag).lstrip("#").strip()


def language_of(tag: str | None) -> str:
    """The language of a BCP 47 tag without script and region ("pt" of "pt-BR"); "" if it names none."""
    found = IS_LANGUAGE.fullmatch(tag.strip().lower()) if tag else None
    return "" if found is None or found[1] in _NO_LANGUAGE else found[1]


def has_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in a text; both are folded."""
    if not word:
        return False
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if (at == 0 or _ends_between(text[at - 1], word[0])) and (
            end == len(text) or _ends_between(word[-1], text[end])
        ):
            return True
        at = text.find(word, at + 1)
    return False


def _ends_between(before: str, after: str) -> bool:
    """Whether a word ends between two characters that follow each other."""
    return not (_is_of_word(before) and _is_of_word(after)) or _is_unspaced(before) or _is_unspaced(after)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"


def _is_unspaced(character: str) -> bool:
    code = ord(character)
    index = bisect_right(_STARTS, code) - 1
    return index >= 0 and code <= _UNSPACED[index][1]
