"""Tables and cells in Markdown."""

from collections.abc import Iterable, Sequence

EMPTY = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; an empty cell becomes a dash."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)


def cell(text: str) -> str:
    """One cell: on one line, without a bar that would end it."""
    return " ".join(text.split()).replace("|", "\\|") or EMPTY


def code(text: object) -> str:
    """Text in the typeface of code; nothing for an empty one."""
    return f"`{text}`" if f"{text}" else ""
