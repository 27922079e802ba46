"""The output of all benchmarks: rows, bounds, the table with its footer, and JSON."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import provenance
from benchmarks.resident import MIB, peak_rss
from shared.errors import WarmlineError

LOG_WIDTH = 120  # columns, where there is no terminal to ask
BROKEN = 1  # the exit code of a benchmark whose bound does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of one system."""

    system: str
    metric: str
    value: float
    unit: str
    ratio: float | None = None  # of figures of one run, of what `Result.ratio` says; None: it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound that a figure must keep, and whether it does."""

    what: str
    got: float
    expected: str
    holds: bool

    def __str__(self) -> str:
        return f"must: {self.what} {self.expected}: got {self.got:.4g}, {'holds' if self.holds else 'DOES NOT HOLD'}"


def at_least(what: str, got: float, least: float) -> Bound:
    """A lower bound."""
    return Bound(what=what, got=got, expected=f"≥ {least:g}", holds=got >= least)


def at_most(what: str, got: float, most: float) -> Bound:
    """An upper bound."""
    return Bound(what=what, got=got, expected=f"≤ {most:g}", holds=got <= most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a benchmark."""

    title: str
    rows: Sequence[Row]
    ratio: str = "ratio to the plain one"  # heading of the column of ratios
    bounds: Sequence[Bound] = ()
    notes: Mapping[str, str] | None = None  # seeds, sizes: what the figures depend on


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The arguments of `python -m benchmarks.NAME`: `--json`, `--quick`, `--seed`; benchmarks add their own."""
    made = argparse.ArgumentParser(prog=f"benchmarks.{name}", description=description)
    made.add_argument("--json", type=Path, metavar="PATH", help="write the figures as JSON, one row a system")
    made.add_argument("--quick", action="store_true", help="a small size, for a look or a regression guard")
    made.add_argument("--seed", type=count, default=1, help="seed of everything random (1)")
    return made


def count(text: str) -> int:
    """An argument that is a positive integer; underscores between digits are allowed."""
    digits = text.replace("_", "")
    if not digits.isdecimal() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number from 1 on")
    return int(digits)


def console() -> Console:
    """The console for tables."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)


def report(result: Result, json_path: Path | None) -> int:
    """Print a result, and write its rows if wanted; returns the exit code: 1 if a bound does not hold."""
    screen = console()
    screen.print(_table(result))
    facts = {**(result.notes or {}), **provenance(), "peak RSS": f"{peak_rss() / MIB:,.0f} MiB"}
    screen.print(", ".join(f"{name} {value}" for name, value in facts.items()), markup=False)
    for bound in result.bounds:
        screen.print(str(bound), markup=False)
    if json_path is not None:
        write_json(result.rows, json_path)
    return 0 if all(bound.holds for bound in result.bounds) else BROKEN


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write a JSON array, one row per line.

    Raises:
        BenchmarkRefused: the file cannot be written.
    """
    lines = ",\n".join(json.dumps(asdict(row), allow_nan=False) for row in rows)
    try:
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    except OSError as error:
        raise BenchmarkRefused(f"--json {path}: {error.strerror}; name a file in a folder that exists") from error


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """End with an error's own exit code, and its message on standard error."""
    try:
        yield
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.{name}: {error}"), soft_wrap=True)
        raise SystemExit(error.exit_code) from None


def _table(result: Result) -> Table:
    table, has_ratios = Table(title=result.title), any(row.ratio is not None for row in result.rows)
    for heading in ("system", "measure", "value", "unit", *([result.ratio] if has_ratios else [])):
        table.add_column(heading, justify="right" if heading in ("value", result.ratio) else "left")
    for row in result.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
        table.add_row(row.system, row.metric, _number(row.value), row.unit, *([ratio] if has_ratios else []))
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
