"""Trains and evaluates all systems: one measurement for each system, protocol and seed."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.quality.data import QualityData
from benchmarks.quality.protocols import COLD_ITEMS, Answered, protocols_of
from benchmarks.quality.systems import System
from benchmarks.quality.tuned import TrainedSystem
from s02_train_neucf.evaluation.metrics import PerUser
from shared.errors import ConfigurationError, TrainingRefused

ReportProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement:
    """The result of one system, trained with one seed, on one protocol."""

    system: str
    dataset: str
    protocol: str
    seed: int
    setting: str  # what was chosen on validation, in words; blank where nothing was
    seconds: float  # of training and ranking; those of the first seed hold the choice of a setting too
    answered: Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A system that refused the data, and why."""

    system: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Everything that was measured on one data set."""

    data: QualityData
    measurements: Sequence[Measurement]
    left_out: Sequence[LeftOut]

    def of(self, protocol: str) -> dict[str, list[Measurement]]:
        """The measurements of a protocol, by system."""
        found: dict[str, list[Measurement]] = {}
        for each in self.measurements:
            if each.protocol == protocol:
                found.setdefault(each.system, []).append(each)
        return found

    @property
    def protocols(self) -> list[str]:
        """The evaluated protocols, the main one first."""
        asked = {each.protocol for each in self.measurements}
        return [protocol for protocol in protocols_of(self.data) if protocol in asked]


def measure(
    data: QualityData,
    systems: Mapping[str, System],
    seeds: Sequence[int],
    report_progress: ReportProgress,
    *,
    workers: int = 1,
) -> Measured:
    """Train and evaluate. A system without randomness is trained once, and counts for every seed.

    Args:
        data: for training and evaluation.
        systems: by name.
        seeds: of those that have one.
        tell: told before each system, or after it where several run side by side.
        workers: processes; each system runs in one of them.
    """
    tasks = [_Task(name, system, data, seeds) for name, system in systems.items()]
    results: list[list[Measurement] | LeftOut] = []
    for number, result in enumerate(_results(tasks, workers)):
        report_progress(f"{data.name}: {number} of {len(tasks)} systems", number, len(tasks))
        results.append(result)
    report_progress(f"{data.name}: done", len(systems), len(systems))
    return Measured(
        data=data,
        measurements=[each for result in results if not isinstance(result, LeftOut) for each in result],
        left_out=[result for result in results if isinstance(result, LeftOut)],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    name: str
    system: System
    data: QualityData
    seeds: Sequence[int]

    def __call__(self) -> list[Measurement] | LeftOut:
        try:
            return _measure_system(self.name, self.system, self.data, self.seeds)
        except (TrainingRefused, ConfigurationError) as refused:
            return LeftOut(system=self.name, reason=str(refused))


_waiting: list[_Task] = []  # what the processes forked next find; a system is made of functions that do not travel


def _results(tasks: Sequence[_Task], workers: int) -> Iterator[list[Measurement] | LeftOut]:
    """Results in the order of the tasks; the last ones start first, since they take longest."""
    if workers == 1:
        yield from (task() for task in tasks)
        return
    _waiting[:] = tasks
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        begun = [pool.apply_async(_run, (index,)) for index in reversed(range(len(tasks)))]
        yield from (each.get() for each in reversed(begun))


def _run(index: int) -> list[Measurement] | LeftOut:
    return _waiting[index]()


def mean_over_seeds(measurements: Iterable[Measurement]) -> dict[str, PerUser]:
    """The mean of each user's figure over the seeds. -> metric to (n_users,)"""
    values = [each.answered.values for each in measurements]
    return {name: np.mean([each[name] for each in values], axis=0) for name in values[0]}


def _measure_system(name: str, system: System, data: QualityData, seeds: Sequence[int]) -> list[Measurement]:
    begun = time.perf_counter()
    train = system.prepare(data)
    found = list[Measurement]()
    for seed in seeds[: system.seeds] if system.seeded else seeds[:1]:
        made = train(seed)
        found += _ask(name, system, data, seed, made, time.perf_counter() - begun)
        begun = time.perf_counter()
    return found if system.seeded else [replace(each, seed=seed) for seed in seeds for each in found]


def _ask(
    name: str, system: System, data: QualityData, seed: int, made: TrainedSystem, trained: float
) -> Iterator[Measurement]:
    for protocol, ask in protocols_of(data).items():
        if not (system.knows_cold if protocol == COLD_ITEMS else system.answers_main):
            continue
        begun = time.perf_counter()
        answered = ask(made.ranker, data)
        seconds = trained + time.perf_counter() - begun
        yield Measurement(
            system=name,
            dataset=data.name,
            protocol=protocol,
            seed=seed,
            setting=made.setting,
            seconds=seconds,
            answered=answered,
        )
