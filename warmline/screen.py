"""What the operator sees: text and tables on standard output, progress and errors on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shared.text.printable import printable, printable_json, write_error
from shared.text.safe_console import SafeConsole

LEAST_WIDTH = 20  # characters of a line, however narrow the terminal
PIPE_WIDTH = 160  # characters of a line when nobody's terminal says


def console() -> Console:
    """Where results go; in a pipe the tables keep their columns."""
    return SafeConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def say(*lines: str) -> None:
    """Lines of a result."""
    for line in lines:
        sys.stdout.write(f"{printable(line)}\n")


def warn(*lines: str) -> None:
    """Lines about what is wrong."""
    for line in lines:
        write_error(line)


def cells(*values: object) -> list[Text]:
    """A table's row out of a database: printable, and its [brackets] no markup of rich's."""
    return [Text(printable(str(value))) for value in values]


def show_sections(sections: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Names at the left, lines beside them, wrapped to the terminal's width however narrow it is."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, lines in sections:
        for place, line in enumerate(lines):
            table.add_row(*cells("" if place else name, line))
    console().print(table)


def show_json(value: Mapping[str, Any]) -> None:
    """A result for a script: one JSON object, in which no character moves a terminal's cursor."""
    text = json.dumps(value, indent=2, default=_plain, ensure_ascii=False)
    sys.stdout.write(f"{printable_json(text, has_lines=True)}\n")


@contextmanager
def progress_bar(text: str) -> Iterator[Progress]:
    """A bar (or, for a task without a total, a moving one) on standard error; nothing when that is no terminal."""
    columns = SpinnerColumn(), TextColumn(text + " {task.description}"), BarColumn(), TimeElapsedColumn()
    errors = SafeConsole(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress


def print_hanging(text: Text, console: Console, *, first: int, further: int) -> None:
    """A text whose lines stand under each other at a terminal; one line in a pipe, so that a script finds it whole.

    Args:
        text: what to print.
        console: where.
        first: spaces before the first line.
        further: spaces before every other one.
    """
    lines = text.wrap(console, max(console.width - max(first, further), LEAST_WIDTH)) if console.is_terminal else [text]
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(Text(" " * (further if number else first)).append(line), soft_wrap=True)


def number_of(count: int, word: str) -> str:
    """So many of something, in words: 1 user, 1,200 users."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


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
