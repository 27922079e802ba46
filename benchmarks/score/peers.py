"""Cornac and RecBole, on the paper's shape."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers import Peer, running
from benchmarks.score.worlds import WITHHELD, Size

PROGRAMS = {"Cornac rank": "peer_cornac.py", "RecBole full_sort_topk": "peer_recbole.py"}


def peers(python: Path, size: Size, threads: int, stack: ExitStack) -> Iterator[Peer]:
    """Start both; the stack ends them."""
    arguments = [json.dumps({**asdict(size), "threads": threads, "withheld": WITHHELD})]
    for name, program in PROGRAMS.items():
        yield stack.enter_context(running(name, python, Path(__file__).with_name(program), arguments))
