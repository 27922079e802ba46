"""The systems that can be measured, by name; a new one is one entry here."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.errors import BenchmarkRefused
from benchmarks.quality.data import QualityData
from benchmarks.quality.neucf_system import train_neucf
from benchmarks.quality.plain_neumf import plain_neumf
from benchmarks.quality.tuned import Made, Tuned
from s02_train_neucf.baselines import EASE, ItemKNN, Popularity, Random
from s02_train_neucf.content_knn import ContentKNN
from s02_train_neucf.ials import IALS
from shared.neucf.features import Vectors

NEUCF = "neucf"
PHOTO_KNN = "photo-knn"
EASE_L2 = (100.0, 300.0, 1000.0, 3000.0)  # half decades around what Steck 2019 found on three data sets
IALS_SETTINGS = ((64, 5.0, 50.0), (64, 1.0, 1.0), (128, 5.0, 100.0))  # factors, weight of a like, l2


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Something that learns from a data set and ranks."""

    make: Callable[[QualityData, int], Made]  # from the data and a seed
    seeded: bool = False  # whether another seed gives other figures
    seeds: int | None = None  # how many seeds it is given at most, where one takes long
    fits: Callable[[QualityData], bool] = lambda _: True  # whether it has anything to say on a data set
    answers_main: bool = True  # whether it is asked the main protocol
    knows_cold: bool = False  # whether it can tell posts apart that nobody touched, and is asked for them


def _content_knn(vectors: Callable[[QualityData], Vectors | None]) -> System:
    def make(data: QualityData, _: int) -> Made:
        found = vectors(data)
        assert found is not None
        return Made(ranker=ContentKNN(data.everyone, found))

    return System(make=make, fits=lambda data: vectors(data) is not None, knows_cold=True)


SYSTEMS: dict[str, System] = {
    "random": System(
        make=lambda data, seed: Made(ranker=Random(data.everyone, seed=seed)),
        seeded=True,
        fits=lambda data: data.features.image is not None,
        answers_main=False,
        knows_cold=True,
    ),
    "popularity": System(make=lambda data, _: Made(ranker=Popularity(data.everyone))),
    "item-knn": System(make=lambda data, _: Made(ranker=ItemKNN(data.everyone))),
    "ease": System(make=Tuned(make=lambda data, l2, _: EASE(data.everyone, l2=l2), settings=EASE_L2, climbs=True)),
    "ials": System(
        make=Tuned(
            make=lambda data, it, seed: IALS(data.everyone, factors=it[0], weight=it[1], l2=it[2], seed=seed),
            settings=IALS_SETTINGS,
        ),
        seeded=True,
    ),
    PHOTO_KNN: _content_knn(lambda data: data.features.image),
    "caption-knn": _content_knn(lambda data: data.features.caption),
    "neumf-paper": System(
        make=lambda data, seed: Made(ranker=train_neucf(data, seed, plain_neumf(data))), seeded=True, seeds=1
    ),
    NEUCF: System(make=lambda data, seed: Made(ranker=train_neucf(data, seed)), seeded=True, knows_cold=True),
}


def systems_named(names: str | None, data: QualityData) -> dict[str, System]:
    """Those of a comma-separated list, in the table's order; without a list, all that fit the data.

    Raises:
        BenchmarkRefused: there is no system of a name.
    """
    if names is None:
        return {name: system for name, system in SYSTEMS.items() if system.fits(data)}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in SYSTEMS]
    if unknown or not wanted:
        raise BenchmarkRefused(f"--systems: got {', '.join(unknown) or 'none'}, expected some of {', '.join(SYSTEMS)}")
    return {name: system for name, system in SYSTEMS.items() if name in wanted and system.fits(data)}
