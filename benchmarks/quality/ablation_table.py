"""The ablation as a command: a table per world, and rows of JSON."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.quality.ablation import PHOTO_METRICS, WHOLE, Ablated, ablate_movielens, ablate_photos
from benchmarks.quality.photos_table import CACHE, FOLDER
from benchmarks.quality.rows import BOOTSTRAP_SEED
from benchmarks.quality.rows import Row as JsonRow
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import Interval, PerUser

NAME = "ablation"
SEEDS = (1, 2, 3)
MOVIELENS = "ml100k, per user, validation"
PHOTOS = "photos, worlds 11 and on"


def measure_ablation(
    data: Path, seeds: Sequence[int], console: Console, report_progress: Callable[[str, int, int], None]
) -> list[JsonRow]:
    """Measure both, and print them.

    Raises:
        DataMissing: there are no photos, or MovieLens cannot be had.
    """
    found = {MOVIELENS: ablate_movielens(data, seeds, lambda what: report_progress(what, 0, 1))}
    console.print(_table(MOVIELENS, found[MOVIELENS], seeds))
    found[PHOTOS] = ablate_photos(data / FOLDER, CACHE, seeds, lambda what: report_progress(what, 0, 1))
    console.print(_table(PHOTOS, found[PHOTOS], seeds))
    return [_row(dataset, each) for dataset, those in found.items() for each in those]


def loss_of(found: Sequence[Ablated], name: str, metric: str) -> Interval:
    """What the defaults have more than a variant, person by person; seeds of one person are averaged where they ask
    the same people, else pooled."""
    whole, other = _per_person(found, WHOLE, metric), _per_person(found, name, metric)
    return metrics.paired_difference(whole, other, np.random.default_rng(BOOTSTRAP_SEED))


def _per_person(found: Sequence[Ablated], name: str, metric: str) -> PerUser:
    columns = [each.values[metric] for each in found if each.without == name]
    if metric in PHOTO_METRICS:  # another world a seed, other people
        return np.concatenate(columns)
    return np.asarray(np.mean(columns, axis=0), dtype=np.float64)


def _table(title: str, found: Sequence[Ablated], seeds: Sequence[int]) -> Table:
    table = Table(title=f"{title}; seeds {', '.join(str(seed) for seed in seeds)}: mean, and what is lost [95 %]")
    names, shown = list(dict.fromkeys(each.without for each in found)), list(found[0].values)
    for heading in ("model", *(part for metric in shown for part in (metric, "lost")), "seconds"):
        table.add_column(heading)
    for name in names:
        cells = []
        for metric in shown:
            cells.append(f"{_per_person(found, name, metric).mean():.4f}")
            cells.append("" if name == WHOLE else str(loss_of(found, name, metric)))
        seconds = np.mean([each.seconds for each in found if each.without == name])
        table.add_row(name, *cells, f"{seconds:.1f}")
    return table


def _row(dataset: str, each: Ablated) -> JsonRow:
    return {
        "system": f"neucf, {each.without}",
        "dataset": dataset,
        "protocol": NAME,
        "metrics": {name: float(values.mean()) for name, values in each.values.items()},
        "seconds": round(each.seconds, 3),
        "seed": each.seed,
    }
