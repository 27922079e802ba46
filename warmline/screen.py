"""Output for the operator: text and tables on standard output, progress and errors on standard error."""

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

LEAST_WIDTH = 20  # characters of a line, even in a narrower terminal
PIPE_WIDTH = 160  # characters of a line without a terminal


def console() -> Console:
    """The console for results; in a pipe tables keep their columns."""
    return SafeConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def say(*lines: str) -> None:
    """Print lines of a result, at a terminal wrapped between words."""
    screen = console()
    for line in lines:
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        print_hanging(Text(printable(text)), screen, first=indent, further=indent)


def warn(*lines: str) -> None:
    """Print lines about problems."""
    for line in lines:
        write_error(line)


def cells(*values: object) -> list[Text]:
    """A row of database values for a table: printable, and without rich's [markup]."""
    return [Text(printable(str(value))) for value in values]


def show_sections(sections: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Print names at the left and lines beside them, wrapped to the terminal's width."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, lines in sections:
        for place, line in enumerate(lines):
            table.add_row(*cells("" if place else name, line))
    console().print(table)


def fits(table: Table, screen: Console) -> bool:
    """Whether a table is no wider than the screen, so that none of its cells is broken."""
    return screen.measure(table, options=screen.options.update(max_width=sys.maxsize)).maximum <= screen.width


def show_json(value: Mapping[str, Any]) -> None:
    """Print a result for a script: one JSON object without control characters."""
    text = json.dumps(value, indent=2, default=_plain, ensure_ascii=False)
    sys.stdout.write(f"{printable_json(text, has_lines=True)}\n")


@contextmanager
def progress_bar(text: str) -> Iterator[Progress]:
    """A progress bar (a pulsing one for a task without a total) on standard error, if that is a terminal."""
    columns = SpinnerColumn(), TextColumn(text + " {task.description}"), BarColumn(), TimeElapsedColumn()
    errors = SafeConsole(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress


def print_hanging(text: Text, console: Console, *, first: int, further: int) -> None:
    """Print a text wrapped and indented at a terminal, but on one line in a pipe, for scripts.

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
    """A number with its noun: 1 user, 1,200 users."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def age(of: timedelta) -> str:
    """A time span as one number with a unit: 40 s, 12 min, 5 h, 3 d."""
    seconds = of.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clipped(text: str, length: int) -> str:
    """The text on one printable line of at most `length` characters."""
    line = "".join(mark if mark.isprintable() else " " for mark in text)
    return line if len(line) <= length else line[: length - 1] + "…"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
