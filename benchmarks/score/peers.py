"""Cornac and RecBole, each with its NeuMF."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers import Program, running
from benchmarks.score.worlds import WITHHELD, Size

CORNAC, RECBOLE = "Cornac rank", "RecBole full_sort_topk"
PROGRAMS = {CORNAC: "peer_cornac.py", RECBOLE: "peer_recbole.py"}


def peers(python: Path, size: Size, threads: int, stack: ExitStack) -> Iterator[Program]:
    """Start both; the stack ends them."""
    told = json.dumps({**asdict(size), "threads": threads, "withheld": WITHHELD})
    for name, program in PROGRAMS.items():
        command = [str(python), str(Path(__file__).with_name(program)), told]
        yield stack.enter_context(running(name, command, threads=threads))
