"""The options of the benchmark."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import count
from benchmarks.quality.datasets import DATA_VARIABLE, DATASETS, data_folder
from benchmarks.quality.systems import SYSTEMS

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options."""

    target: str  # a name or a file
    data: Path
    json: Path | None
    seeds: tuple[int, ...] | None  # None: those of the data set
    systems: str | None  # None: all that fit
    workers: int | None = None  # processes that NeuCF trains in; None: one, and systems as the data set says


def read_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """A wrong argument ends the program with exit code 2 and one line."""
    given = _parser().parse_args(arguments)
    return Options(
        target=given.target,
        data=data_folder(given.data, environment),
        json=given.json,
        seeds=given.seeds,
        systems=given.systems,
        workers=given.workers,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description="Measure NeuCF, with the defaults that ship, beside plain baselines on the same data in one run.",
        epilog=f"Without --data, {DATA_VARIABLE} names the folder, else ../shared/data beside the checkout does.",
    )
    parser.add_argument(
        "target",
        metavar="NAME|FILE.npz",
        help=f"{', '.join(DATASETS)}, photos, ablation, or a file with train and test",
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the folder with the files of the named data sets")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write one row a system as JSON")
    parser.add_argument("--seeds", type=_seeds, metavar="1,2,3", help="default: 1,2,3 for a name, 1 for a file")
    parser.add_argument("--systems", metavar="A,B", help=f"default: all that fit the data, of {', '.join(SYSTEMS)}")
    parser.add_argument(
        "--workers", type=count, metavar="N",
        help="processes of one thread that NeuCF trains in, as WARMLINE_TRAIN_WORKERS; systems then run one by one",
    )  # fmt: skip
    return parser


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected whole numbers such as 1,2,3") from None
    if min(seeds) < 0 or max(seeds) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected seeds from 0 to {LARGEST_SEED}")
    return seeds
