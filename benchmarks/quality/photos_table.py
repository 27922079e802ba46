"""The photos world as a command: every system on simulated people over real photos, a table, and rows of JSON."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.errors import DataMissing
from benchmarks.provenance import ROOT
from benchmarks.quality.photo_question import Row, difference, intervals
from benchmarks.quality.photos import COLD, EVERYONE, LATER, NEUCF, WARM, run

FOLDER = "photos"  # in the data folder
CACHE = ROOT / ".warmline" / "benchmark-vectors"  # photos and captions are encoded once
COLD_MUST = 0.70


def measure_photos(
    data: Path, seeds: Sequence[int], console: Console, report_progress: Callable[[str, int, int], None]
) -> list[Row]:
    """Measure and show.

    Raises:
        DataMissing: there are no photos.
    """
    folder = data / FOLDER
    if not folder.is_dir():
        raise DataMissing(f"{folder}: no such folder; --data names the folder that holds it")
    CACHE.mkdir(parents=True, exist_ok=True)
    rows = run(folder, seeds, cache=CACHE, report_progress=lambda what: report_progress(what, 0, 1))
    console.print(_table(rows, (COLD, WARM), NEUCF, f"simulated people over real photos, seeds {_text(seeds)}"))
    console.print(_table(rows, (LATER,), NEUCF, "people who joined after the training, three likes, no retraining"))
    cold, later = intervals(rows, NEUCF, COLD), difference(rows, NEUCF, EVERYONE, LATER)
    console.print(f"must: {COLD} of {NEUCF} at least {COLD_MUST}: {cold}: {_met(met=cold.mean >= COLD_MUST)}")
    console.print(f"must: {LATER}, {NEUCF} less {EVERYONE}, above 0: {later}: {_met(met=later.low > 0)}")
    return rows


def _table(rows: Sequence[Row], metrics: Sequence[str], ours: str, title: str) -> Table:
    table = Table(title=f"{title}: mean over people [95 % by bootstrap]")
    for heading in ("system", *(part for metric in metrics for part in (metric, f"{ours} less it"))):
        table.add_column(heading)
    names = dict.fromkeys(row.system for row in rows if metrics[0] in row.values)
    for name in names:
        cells = []
        for metric in metrics:
            cells += [
                str(intervals(rows, name, metric)),
                "" if name == ours else str(difference(rows, ours, name, metric)),
            ]
        table.add_row(name, *cells)
    return table


def _met(*, met: bool) -> str:
    return "met" if met else "NOT MET"


def _text(seeds: Sequence[int]) -> str:
    return ", ".join(str(seed) for seed in seeds)
