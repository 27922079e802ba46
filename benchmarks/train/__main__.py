"""`python -m benchmarks.train`: seconds to quality, of the default training beside others on one split.

Each system learns until its best validation NDCG@10: beside ours the NCF paper's NeuMF in ordinary PyTorch, iALS as
the mark and, with `--peers`, the NeuMF of RecBole and of Cornac with their defaults. Time begins when all is ready:
imports, files, compiled code. Seconds include validations; processor seconds are of learning alone.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Bound, Result, Row, at_least, at_most, count, parser, refusals, report
from benchmarks.peers import SCORING, TRAINING, peer_python, running
from benchmarks.quality.data import lined_up
from benchmarks.quality.datasets import DATA_VARIABLE, DATASETS, data_folder, dataset_named
from benchmarks.train.ours import WHOLE
from benchmarks.train.program import Split
from benchmarks.train.split import split_of

OURS, OURS_WHOLE = "warmline", "warmline, as it goes live"
PLAIN, IALS, RECBOLE, CORNAC = "NeuMF in plain PyTorch", "iALS (implicit)", "RecBole NeuMF", "Cornac NeuMF"
RIVALS = (PLAIN, RECBOLE, CORNAC)  # whom ours must beat in quality and in time; iALS is a mark alone
DEFAULT = "ml100k"
EPOCHS, QUICK_EPOCHS = 200, 30  # that the NeuMFs of others may learn for, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How one system's training went."""

    name: str
    said: Mapping[str, Any]
    validation: float  # NDCG@10
    test: float  # the same, of likes that nothing was chosen by


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    with refusals("train"):
        data = lined_up(next(dataset_named(given.dataset).cuts(data_folder(given.data, os.environ))))
        split = split_of(data)
        names = [OURS, PLAIN, IALS, *((RECBOLE, CORNAC) if given.peers else ())]
        epochs = QUICK_EPOCHS if given.quick else EPOCHS
        systems = run(split, names, given.seed, given.threads, epochs)
        result = Result(
            title=f"{data.name}: {len(split.train):,} likes to learn from, {split.n_users:,} users, "
            f"{split.n_posts:,} posts; until the best validation NDCG@10",
            ratio="ours ÷ it",
            rows=rows_of(systems),
            bounds=bounds_of(systems, is_quick=given.quick),
            notes={"seed": f"{given.seed}", "threads of each": f"{given.threads}"} | _versions(systems),
        )
        return report(result, given.json)


def run(split: Split, names: Sequence[str], seed: int, threads: int, epochs: int) -> list[Trained]:
    """Each system trains once, in a process of its own, one after the other."""
    with tempfile.TemporaryDirectory(prefix="warmline-train-") as folder:
        path = Path(folder) / "split.npz"
        split.write(path)
        found = list[Trained]()
        for name in names:
            own = Path(folder) / name
            own.mkdir()
            command = [*_command(name), str(path), str(seed), str(own), str(epochs)]
            with running(name, command, threads=threads) as program:
                found.append(_trained(name, program.ask("train"), split, own / "scores.npy"))
            if name == OURS:
                said = found[-1].said
                said = {**said, "seconds": said["whole_seconds"], "learning": said["whole_processor"]}
                found.append(_trained(OURS_WHOLE, said, split, own / WHOLE))
    return found


def rows_of(systems: Sequence[Trained]) -> list[Row]:
    """A row for each system and measure."""
    ours, rows = systems[0], list[Row]()
    for each in systems:
        is_best = each.name != OURS_WHOLE  # else there was no validation of it: it has learned those likes too
        for metric, unit, mine, its in (
            ("NDCG@10, validation", "", ours.validation, each.validation if is_best else None),
            ("NDCG@10, test", "", ours.test, each.test),
            ("until then", "s", ours.said["seconds"], each.said["seconds"]),
            ("learning until then", "processor s", ours.said["learning"], each.said["learning"]),
            ("best epoch", "", None, each.said["epoch"] if is_best else None),
        ):
            if its is not None:
                ratio = mine / its if mine is not None and its else None
                rows.append(Row(system=each.name, metric=metric, value=its, unit=unit, ratio=ratio))
    return rows


def bounds_of(systems: Sequence[Trained], *, is_quick: bool) -> list[Bound]:
    """Ours is better than each rival, and there sooner: even with all its members, validations and patience.

    With `--quick` rivals are cut short, so that only the time to ours' own best is held against theirs.
    """
    ours, whole = systems[0], systems[1]
    counted = ours if is_quick else whole
    bounds = list[Bound]()
    for each in (system for system in systems if system.name in RIVALS):
        seconds = counted.said["learning"] / each.said["learning"]
        bounds += [
            at_least(f"NDCG@10 of validation, ours ÷ {each.name}", ours.validation / each.validation, 1.0),
            at_least(f"NDCG@10 of test, ours ÷ {each.name}", ours.test / each.test, 1.0),
            at_most(f"processor seconds, {counted.name} ÷ {each.name}", seconds, 1.0),
        ]
    return bounds


def _command(name: str) -> list[str]:
    here = Path(__file__).parent
    return {
        OURS: lambda: [sys.executable, "-m", "benchmarks.train.ours"],
        PLAIN: lambda: [sys.executable, "-m", "benchmarks.train.plain"],
        IALS: lambda: [sys.executable, "-m", "benchmarks.train.mark"],
        RECBOLE: lambda: [str(peer_python(TRAINING)), str(here / "peer_recbole.py")],
        CORNAC: lambda: [str(peer_python(SCORING)), str(here / "peer_cornac.py")],
    }[name]()


def _trained(name: str, said: Mapping[str, Any], split: Split, scores: Path) -> Trained:
    found = np.load(scores, allow_pickle=False)
    return Trained(name=name, said=said, validation=split.validation(found), test=split.final(found))


def _versions(systems: Sequence[Trained]) -> dict[str, str]:
    return {
        system.name: " ".join(f"{name} {version}" for name, version in system.said["versions"].items())
        for system in systems
        if system.name != OURS_WHOLE
    }


def _parser() -> argparse.ArgumentParser:
    made = parser("train", __doc__)
    made.add_argument("--peers", action="store_true", help="RecBole and Cornac too, in venvs that are made on the spot")
    made.add_argument("--dataset", default=DEFAULT, help=f"{', '.join(DATASETS)}, or a file ending in .npz ({DEFAULT})")
    made.add_argument("--data", type=Path, metavar="FOLDER", help=f"that holds the files (else {DATA_VARIABLE})")
    made.add_argument("--threads", type=count, default=1, help="of every system (1, as services have by default)")
    return made


if __name__ == "__main__":
    sys.exit(main())
