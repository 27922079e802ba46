"""The named data sets; to add one, add an entry here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkRefused, DataMissing
from benchmarks.provenance import ROOT
from benchmarks.quality.data import Columns
from benchmarks.quality.movielens import movielens_cuts
from benchmarks.quality.movielens_time import likes_in_time, with_content
from benchmarks.quality.npz import read_npz

DATA_VARIABLE = "WARMLINE_BENCH_DATA"
DEFAULT_FOLDER = ROOT.parent / "shared" / "data"  # beside the checkout; nothing of it is in the repository
SUFFIX = ".npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set in one or more cuts, each measured by itself."""

    cuts: Callable[[Path], Iterator[Columns]]  # from the folder with the data
    seeds: tuple[int, ...] = (1, 2, 3)
    workers: int = 1  # processes
    replayed: bool = False  # whether time is replayed as well, as the gate does it


def _one_file(file: str, name: str) -> Callable[[Path], Iterator[Columns]]:
    def cuts(folder: Path) -> Iterator[Columns]:
        path = folder / file
        if not path.is_file():
            raise DataMissing(f"{path}: no such file; name the folder that holds it: --data, or {DATA_VARIABLE}")
        yield read_npz(path, name=name)

    return cuts


DATASETS: dict[str, Dataset] = {
    "ml1m": Dataset(cuts=_one_file("ml1m_ncf.npz", "ml1m"), workers=2),
    "ml1m-order": Dataset(cuts=_one_file("ml1m_mm/ml1m_order.npz", "ml1m-order")),
    "ml1m-mm": Dataset(cuts=with_content),
    "ml1m-time": Dataset(cuts=likes_in_time),
    "beauty": Dataset(cuts=_one_file("beauty_seq.npz", "beauty"), seeds=(1,)),
    "toys": Dataset(cuts=_one_file("toys_seq.npz", "toys"), seeds=(1,)),
    "tiktok": Dataset(cuts=_one_file("tiktok_mm.npz", "tiktok")),
    "ml100k": Dataset(cuts=movielens_cuts, replayed=True),
}


def dataset_named(target: str) -> Dataset:
    """The data set of a name, or of a file.

    Raises:
        BenchmarkRefused: it is neither.
    """
    if target in DATASETS:
        return DATASETS[target]
    if target.endswith(SUFFIX):
        path = Path(target)
        return Dataset(cuts=lambda _: iter([read_npz(path, name=path.stem)]), seeds=(1,))
    raise BenchmarkRefused(
        f"{target}: no such data set; expected {', '.join(DATASETS)}, photos, ablation, or a file ending in {SUFFIX}"
    )


def data_folder(given: Path | None, environment: Mapping[str, str]) -> Path:
    """The argument, else the variable, else the folder beside the checkout."""
    named = environment.get(DATA_VARIABLE)
    return given or (Path(named) if named else DEFAULT_FOLDER)
