"""`python -m benchmarks.train_memory`: memory and seconds of a night's training on a large synthetic world; a table.

What the nightly job does after reading PostgreSQL runs in a process of its own: the past in order, the search, the
replay, two cuts beside plain rankers, the training on everything, the judgement, the model file. Epochs and their steps
are few, which shortens it and leaves what is in memory at once as it is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import provenance
from shared.errors import WarmlineError

GIB = 2**30
MUST = 4.0  # GiB
LOG_WIDTH = 120  # columns, where there is no terminal to ask
Told = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code: 1 where the night took more than it may."""
    given = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        with tempfile.TemporaryDirectory(prefix="warmline-train-memory-", dir=given.folder) as home:
            size = [given.users, given.posts, given.events, given.likes, given.seed]
            _child("world", home, *size)
            told = _child("night", home, given.epochs, given.steps, given.seed)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.train_memory: {error}"), soft_wrap=True)
        return error.exit_code
    stages, end = [each for each in told if "stage" in each], told[-1]
    peak = stages[-1]["peak"] / GIB
    console.print(_table(given, stages, end))
    met = peak <= MUST
    console.print(f"must: at most {MUST:g} GiB: {peak:.2f} GiB: {'met' if met else 'NOT MET'}")
    console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
    if given.json is not None:
        row = {"system": "train", "metric": "peak memory", "value": round(peak, 3), "unit": "GiB", "stages": stages}
        given.json.write_text(json.dumps({**row, "seed": given.seed, "events": given.events}) + "\n", encoding="utf-8")
    return 0 if met else 1


def _child(deed: str, folder: str, *numbers: float) -> list[Told]:
    """Run one part in a process of its own; gives what it told.

    Raises:
        BenchmarkRefused: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.train_memory.night", deed, folder, *(str(each) for each in numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BenchmarkRefused(f"{deed}: the process ended with {done.returncode}; is there enough memory and disk?")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _table(given: argparse.Namespace, stages: list[Told], end: Told) -> Table:
    table = Table(
        title=f"{given.events:,} events ({given.likes:.0%} likes) of {end['users']:,} users on {end['posts']:,} posts, "
        f"{end['likes']:,} pairs; seed {given.seed}; {given.steps} steps an epoch, {given.epochs} epochs a training"
    )
    for name in ("stage", "seconds", "peak so far, GiB"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for each in stages:
        table.add_row(each["stage"], f"{each['seconds']:.1f}", f"{each['peak'] / GIB:.2f}")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.train_memory", description=__doc__)
    parser.add_argument("--users", type=int, default=200_000, help="users (200,000)")
    parser.add_argument("--posts", type=int, default=100_000, help="posts, each with a photo and a caption (100,000)")
    parser.add_argument("--events", type=int, default=10_000_000, help="interactions (10,000,000)")
    parser.add_argument("--likes", type=float, default=1.0, metavar="SHARE", help="of them; the others are views (1.0)")
    parser.add_argument("--epochs", type=int, default=1, help="of each training, at most (1)")
    parser.add_argument("--steps", type=int, default=4, help="of each epoch, at most (4)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where half a gigabyte of columns is written meanwhile")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write a row as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
