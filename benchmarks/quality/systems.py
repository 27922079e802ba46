"""The systems that can be measured, by name; a new one is one entry here."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.errors import BenchmarkRefused
from benchmarks.quality.data import QualityData
from benchmarks.quality.neucf_system import train_neucf
from benchmarks.quality.plain_neumf import plain_neumf
from s02_train_neucf.baselines import EASE, ItemKNN, Popularity, Ranker

NEUCF = "neucf"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Something that learns from a data set and ranks."""

    make: Callable[[QualityData, int], Ranker]  # from the data and a seed
    seeded: bool = False  # whether another seed gives other figures
    seeds: int | None = None  # how many seeds it is given at most, where one takes long
    fits: Callable[[QualityData], bool] = lambda _: True  # whether it has anything to say on a data set
    knows_cold: bool = False  # whether it can tell posts apart that nobody touched


SYSTEMS: dict[str, System] = {
    "popularity": System(make=lambda data, _: Popularity(data.everyone)),
    "item-knn": System(make=lambda data, _: ItemKNN(data.everyone)),
    "ease": System(make=lambda data, _: EASE(data.everyone)),
    "neumf-paper": System(make=lambda data, seed: train_neucf(data, seed, plain_neumf(data)), seeded=True, seeds=1),
    NEUCF: System(make=train_neucf, seeded=True, knows_cold=True),
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
