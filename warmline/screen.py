"""What the operator sees: text and tables on standard output, progress and errors on standard error."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

TURNS_OF_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PIPE_WIDTH = 160  # characters of a line when nobody's terminal says


def console() -> Console:
    """Where results go; in a pipe the tables keep their columns."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def say(text: str) -> None:
    """Lines of a result."""
    sys.stdout.write(f"{escaped(text)}\n")


def warn(text: str) -> None:
    """Lines about what is wrong."""
    sys.stderr.write(f"{escaped(text)}\n")


def escaped(text: str) -> str:
    """The text with what would steer a terminal written out: controls but the end of a line, and turns of direction.

    Whatever comes out of a database is somebody's: a caption, an id, a name that was given to `--by`, an error.
    """
    if text.isprintable():
        return text
    return "".join(mark if mark == "\n" or not _steers(mark) else _written_out(mark) for mark in text)


def cells(*values: object) -> list[Text]:
    """A table's row out of a database: escaped, and its [brackets] no markup of rich's."""
    return [Text(escaped(str(value))) for value in values]


def show_sections(sections: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Names at the left, lines beside them, wrapped to the terminal's width however narrow it is."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, lines in sections:
        for place, line in enumerate(lines):
            table.add_row(*cells("" if place else name, line))
    console().print(table)


def _steers(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Zl", "Zp", "Cs") or mark in TURNS_OF_DIRECTION


def _written_out(mark: str) -> str:
    return mark.encode("unicode_escape").decode()


def show_json(value: Mapping[str, Any]) -> None:
    """A result for a script: one JSON object."""
    say(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


@contextmanager
def progress_bar(text: str) -> Iterator[Progress]:
    """A bar (or, for a task without a total, a moving one) on standard error; nothing when that is no terminal."""
    columns = SpinnerColumn(), TextColumn(text + " {task.description}"), BarColumn(), TimeElapsedColumn()
    errors = Console(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress


def age(of: timedelta) -> str:
    """A span as one number and its unit: 40 s, 12 min, 5 h, 3 d."""
    seconds = of.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clipped(text: str, length: int) -> str:
    """The text on one line, at most so long, without characters that would move a terminal's cursor."""
    line = "".join(mark if mark.isprintable() else " " for mark in text)
    return line if len(line) <= length else line[: length - 1] + "…"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
