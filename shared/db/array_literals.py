"""Arrays for PostgreSQL, each as one text in its own notation, such as {"a","b",NULL}; for `CAST(:name AS text[])`.

psycopg2 would write a list element by element, each as an expression that PostgreSQL has to parse and plan: a thousand
events in eight columns would take longer to write and parse than to store.
"""

from collections.abc import Sequence
from datetime import datetime

_NULL = "NULL"


def text_array(values: Sequence[str | None]) -> str:
    """The literal of a text[]; also of an array of what PostgreSQL reads from text."""
    if None in values:
        return _array([_NULL if value is None else _quoted(value) for value in values])
    known: Sequence[str] = values  # type: ignore[assignment]  # none is None
    if not known:
        return "{}"
    joined = "".join(known)
    if '"' in joined or "\\" in joined:
        return _array([_quoted(value) for value in known])
    return '{"' + '","'.join(known) + '"}'


def number_array(values: Sequence[int | None]) -> str:
    """The literal of an int[] or a bigint[]."""
    return _array([_NULL if value is None else str(value) for value in values])


def time_array(values: Sequence[datetime | None]) -> str:
    """The literal of a timestamptz[]; the times have zones."""
    return _array([_NULL if value is None else value.isoformat() for value in values])


def _array(elements: Sequence[str]) -> str:
    return "{" + ",".join(elements) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
