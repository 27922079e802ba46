"""Tables and cells in Markdown."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

EMPTY = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; an empty cell becomes a dash."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)


def cell(text: str) -> str:
    """One cell on one line; a bar outside code, which would end the cell, is written as a character reference."""
    parts = " ".join(text.split()).split("`")
    outside = [part.replace("|", "&#124;") for part in parts[::2]]
    mixed = [part for pair in zip_longest(outside, parts[1::2], fillvalue="") for part in pair]
    return "`".join(mixed[: len(parts)]) or EMPTY


def code(text: object) -> str:
    """Text in the typeface of code; nothing for an empty one."""
    return f"`{text}`" if f"{text}" else ""
