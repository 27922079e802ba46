"""`python -m benchmarks.encode`: photos and captions to vectors, by ours, a plain loop and the bare forward pass.

All take turns on the same processors, with one thread of PyTorch each, as services have by default. Photos are read
by the threads of WARMLINE_IMAGE_THREADS while the model computes, which a plain loop does not: `--cpus 1` binds
everything to one processor, where that is no help.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from benchmarks.encode.samples import captions, write_photos
from benchmarks.encode.systems import LOOP, OURS, minilm_systems, photo_systems
from benchmarks.figures import Bound, Result, Row, at_least, count, parser, refusals, report
from benchmarks.resident import MIB
from benchmarks.turns import Rates, Work, take_turns
from shared.content.encoders.registry import OFFLINE_ENGLISH, build_text_encoder
from shared.content.settings import ContentSettings
from shared.jobs.progress_bars import bars

MUSTS = {"photos": 1.5, "captions, MiniLM": 1.5}  # ours ÷ the loop
GUARDS = {"photos": 1.1, "captions, MiniLM": 1.1}  # of `--quick`, on a busy machine
QUICK_PHOTOS, QUICK_CAPTIONS, QUICK_ROUNDS = 32, 64, 3


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    if given.quick:
        given.photos, given.captions, given.rounds = QUICK_PHOTOS, QUICK_CAPTIONS, QUICK_ROUNDS
    torch.set_num_threads(1)
    notes = {"seed": f"{given.seed}", "processors used": f"{_bind(given.cpus)}", "threads of PyTorch": "1"}
    with refusals("encode"):
        with tempfile.TemporaryDirectory(prefix="warmline-encode-") as home, bars() as report_progress:
            groups = _measured(Path(home), given, report_progress)
        result = Result(
            title=f"{given.photos} photos, {given.captions} captions, {given.rounds} rounds", ratio="ours ÷ it",
            rows=[row for what, rates in groups.items() for row in rows_of(what, rates)],
            bounds=bounds_of(groups, GUARDS if given.quick else MUSTS), notes=notes,
        )  # fmt: skip
        return report(result, given.json)


def rows_of(what: str, rates: Mapping[str, Rates]) -> list[Row]:
    """Pieces a second of each system, and the memory of ours."""
    ours, peak = rates[OURS].median, rates[OURS].peak / MIB
    rows = [
        Row(system=f"{what}: {name}", metric="encoded", value=each.median, unit="1/s", ratio=ours / each.median)
        for name, each in rates.items()
    ]
    return [*rows, Row(system=f"{what}: {OURS}", metric="peak RSS", value=peak, unit="MiB")]


def bounds_of(groups: Mapping[str, Mapping[str, Rates]], least: Mapping[str, float]) -> list[Bound]:
    """How much faster than a loop ours must be."""
    return [
        at_least(f"{what}, ours ÷ {LOOP}", groups[what][OURS].median / groups[what][LOOP].median, bound)
        for what, bound in least.items()
    ]


def _measured(
    home: Path, given: argparse.Namespace, report_progress: Callable[[str, int, int], None]
) -> Mapping[str, Mapping[str, Rates]]:
    settings, texts = ContentSettings(), captions(given.captions, given.seed)
    groups: dict[str, dict[str, Work]] = {
        "photos": photo_systems(home, write_photos(home, given.photos, given.seed), settings),
        "captions, MiniLM": minilm_systems(texts, build_text_encoder(OFFLINE_ENGLISH), settings),
    }
    return {
        what: take_turns(systems, rounds=given.rounds, report_progress=report_progress)
        for what, systems in groups.items()
    }


def _bind(cpus: int | None) -> int:
    """Let this process run on so many processors only; returns how many it has."""
    if not hasattr(os, "sched_setaffinity"):  # only Linux lets a process choose
        return os.cpu_count() or 1
    allowed = sorted(os.sched_getaffinity(0))
    if cpus is not None:
        os.sched_setaffinity(0, allowed[:cpus])
    return len(os.sched_getaffinity(0))


def _parser() -> argparse.ArgumentParser:
    made = parser("encode", __doc__)
    made.add_argument("--photos", type=count, default=128, help="photos, 32 or more (128)")
    made.add_argument("--captions", type=count, default=256, help="captions (256)")
    made.add_argument("--rounds", type=count, default=5, help=f"rounds (5; {QUICK_ROUNDS} with --quick)")
    made.add_argument("--cpus", type=count, help="processors to run on (all)")
    return made


if __name__ == "__main__":
    sys.exit(main())
