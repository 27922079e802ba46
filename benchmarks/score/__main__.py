"""Lists of the best posts for many users: ours beside the plain ways, other libraries, and what the processor allows.

All systems are measured in one run, in turns, on the same threads; figures are medians over rounds. Per-user systems do
a share of the users in each round, ours all of them. `--quick` is for `make ratios`: a small world, seconds, exit code
1 when a generous bound is broken.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from benchmarks.peers import DEFAULT_FOLDER, peer_python
from benchmarks.provenance import provenance
from benchmarks.score.measure import Measured, Share, measure
from benchmarks.score.peers import peers
from benchmarks.score.rows import QUICK_BOUNDS, broken, rows_of
from benchmarks.score.worlds import Size, default_world, paper_world
from benchmarks.table import Row, as_table, write_json
from shared.errors import WarmlineError
from shared.progress import bars

LOG_WIDTH = 150  # columns, where there is no terminal to ask
WORLDS = {"paper": paper_world, "default": default_world}
QUICK = Size(users=1000, posts=5000, top=200, seed=1)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else Size(users=given.users, posts=given.posts, top=given.top, seed=given.seed)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    rows: list[Row] = []
    faults: list[str] = []
    torch.set_num_threads(given.threads)
    try:
        for shape in WORLDS if given.shape == "both" else (given.shape,):
            measured = _measured(shape, size, given)
            rows += rows_of(shape, measured)
            faults += broken(shape, measured)
            console.print(as_table(_title(shape, size, given), rows_of(shape, measured)))
            console.print(str(measured.compared), f"Peers: {measured.peers}" if measured.peers else "", markup=False)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.score: {error}"), soft_wrap=True)
        return error.exit_code
    console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
    if given.json is not None:
        write_json(given.json, rows)
    for fault in faults if given.quick else ():
        console.print(f"broken: {fault}", markup=False)
    return 1 if given.quick and faults else 0


def _measured(shape: str, size: Size, given: argparse.Namespace) -> Measured:
    share = Share(plain=max(20, size.users // 25), blocks=max(50, size.users // 10), peer=max(20, size.users // 50))
    with ExitStack() as stack:
        others = {}
        if given.peers is not None and shape == "paper":  # what ships is a model of our own: others do not have it
            python = peer_python(given.peers)
            others = {peer.name: peer for peer in peers(python, size, given.threads, stack)}
        with bars() as tell:
            return measure(
                WORLDS[shape](size), share, others, rounds=given.rounds, cores=os.cpu_count() or 1, tell=tell
            )  # fmt: skip


def _title(shape: str, size: Size, given: argparse.Namespace) -> str:
    threads = f"{torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
    return (
        f"{shape} shape: {size.users:,} users × {size.posts:,} posts, top {size.top}, {given.rounds} rounds, "
        f"seed {size.seed}, {threads}"
    )


def _parser() -> argparse.ArgumentParser:
    bounds = "; ".join(f"{name}: {bound}" for name, bound in QUICK_BOUNDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.score", description=__doc__, epilog=f"Bounds of --quick on ratios: {bounds}."
    )
    parser.add_argument("--users", type=_count, default=10_000, help="users with a list (10,000)")
    parser.add_argument("--posts", type=_count, default=20_000, help="candidates, at least 4 × --top (20,000)")
    parser.add_argument("--top", type=_count, default=200, help="length of a list (200)")
    parser.add_argument("--rounds", type=_count, default=5, help="rounds (5)")
    parser.add_argument("--seed", type=_count, default=1, help="of weights, users and what is withheld (1)")
    parser.add_argument("--threads", type=_count, default=1, help="of every system (1, as services have by default)")
    parser.add_argument("--shape", choices=("paper", "default", "both"), default="both", help="of the model (both)")
    parser.add_argument(
        "--peers", type=Path, metavar="FOLDER", nargs="?", const=DEFAULT_FOLDER,
        help=f"also Cornac and RecBole, from the package registry into a venv in FOLDER ({DEFAULT_FOLDER})",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small and short; exit code 1 when a bound is broken")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write one row of JSON a line")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
