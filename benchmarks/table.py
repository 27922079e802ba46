"""A benchmark's figures as a table and as rows of JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system."""

    system: str
    metric: str
    value: float
    unit: str
    ratio: float  # ours ÷ this system's
    note: str = ""  # what must hold, or what is compared


def as_table(title: str, rows: Sequence[Row]) -> Table:
    """The rows, as people read them."""
    table = Table(title=title)
    for name in ("system", "metric", "value", "unit", "ours ÷ it", "note"):
        table.add_column(name, justify="right" if name in ("value", "ours ÷ it") else "left")
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio else "–"
        table.add_row(row.system, row.metric, f"{row.value:,.2f}", row.unit, ratio, row.note)
    return table


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """One row a line."""
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
