"""`python -m benchmarks.quality`: a data set, every system on it, a table, and rows of JSON."""

import os
import sys

from rich.console import Console
from rich.text import Text

from benchmarks.provenance import provenance
from benchmarks.quality.data import lined_up
from benchmarks.quality.datasets import dataset_named
from benchmarks.quality.measure import measure
from benchmarks.quality.options import Options, read_options
from benchmarks.quality.rows import Row, rows_of, write_rows
from benchmarks.quality.systems import systems_named
from benchmarks.quality.tables import show
from shared.errors import WarmlineError
from shared.progress import bars

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
    dataset, rows = dataset_named(options.target), list[Row]()
    if options.json is not None:
        write_rows(rows, options.json)  # a path that cannot be written is told now, not after an hour
    for columns in dataset.cuts(options.data):
        data = lined_up(columns)
        systems = systems_named(options.systems, data)
        with bars() as tell:
            measured = measure(data, systems, options.seeds or dataset.seeds, tell, workers=dataset.workers)
        show(console, measured, provenance())
        rows += rows_of(measured)
        if options.json is not None:  # after each cut: a long run that is ended keeps what it has
            write_rows(rows, options.json)


if __name__ == "__main__":
    main()
