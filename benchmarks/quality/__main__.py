"""`python -m benchmarks.quality`: a data set, every system on it, a table, and rows of JSON."""

import os
import sys

from rich.console import Console
from rich.text import Text

from benchmarks.provenance import provenance
from benchmarks.quality import ablation_table
from benchmarks.quality.data import lined_up
from benchmarks.quality.datasets import dataset_named
from benchmarks.quality.measure import measure
from benchmarks.quality.movielens_replay import replay_movielens
from benchmarks.quality.options import Options, read_options
from benchmarks.quality.photos_table import measure_photos
from benchmarks.quality.rows import Row, rows_of, write_rows
from benchmarks.quality.systems import systems_named
from benchmarks.quality.tables import show
from shared.errors import WarmlineError
from shared.jobs.progress_bars import bars

PHOTOS = "photos"  # a world of its own, not a table of pairs
PHOTO_SEEDS = (0, 1, 2)  # of the worlds
LOG_WIDTH = 200  # columns, where there is no terminal to ask


def main() -> None:
    """Run the benchmark; the exit code is 0, or 2 when it cannot run as asked."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        run(read_options(sys.argv[1:], os.environ), console)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.quality: {error}"), soft_wrap=True)
        sys.exit(error.exit_code)


def run(options: Options, console: Console) -> None:
    """Load, measure, show and write."""
    rows = list[Row]()
    if options.json is not None:
        write_rows(rows, options.json)  # a path that cannot be written is told now, not after an hour
    if options.target == PHOTOS:
        with bars() as report_progress:
            photos = measure_photos(options.data, options.seeds or PHOTO_SEEDS, console, report_progress)
        console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
        if options.json is not None:
            write_rows([row.to_json() for row in photos], options.json)
        return
    if options.target == ablation_table.NAME:
        with bars() as report_progress:
            rows += ablation_table.measure_ablation(
                options.data, options.seeds or ablation_table.SEEDS, console, report_progress
            )
        console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
        if options.json is not None:
            write_rows(rows, options.json)
        return
    dataset = dataset_named(options.target)
    for columns in dataset.cuts(options.data):
        data = lined_up(columns)
        systems = systems_named(options.systems, data, workers=options.workers or 1)
        workers = dataset.workers if options.workers is None else 1
        with bars() as report_progress:
            measured = measure(data, systems, options.seeds or dataset.seeds, report_progress, workers=workers)
        show(console, measured, provenance())
        rows += rows_of(measured)
        if options.json is not None:  # after each cut: a long run that is ended keeps what it has
            write_rows(rows, options.json)
    if dataset.replayed and options.systems is None:
        with bars() as report_progress:
            rows += replay_movielens(options.data, (options.seeds or dataset.seeds)[0], console, report_progress)
        if options.json is not None:
            write_rows(rows, options.json)


if __name__ == "__main__":
    main()
