"""Chooses a baseline's setting on validation, so that no baseline is at a disadvantage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.quality.data import QualityData
from benchmarks.quality.protocols import main_protocol
from benchmarks.quality.validation import SEED, validation_of
from s02_train_neucf.evaluation.ranker import Ranker

CHOSEN_BY = "ndcg@10"

Setting = TypeVar("Setting")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedSystem:
    """A trained system, and with which setting where that was chosen."""

    ranker: Ranker
    setting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned(Generic[Setting]):
    """A system with a few settings to choose from."""

    make: Callable[[QualityData, Setting, int], Ranker]
    settings: Sequence[Setting]  # the first is taken where nothing can be held back
    climbs: bool = False  # whether the settings go one way, so that a worse one ends the search

    def __call__(self, data: QualityData) -> Callable[[int], TrainedSystem]:
        """Try the settings on validation, once; then learn from everything with the best, from each seed."""
        setting = self._best(data)
        return lambda seed: TrainedSystem(ranker=self.make(data, setting, seed), setting=str(setting))

    def _best(self, data: QualityData) -> Setting:
        inner = validation_of(data)
        if inner is None:
            return self.settings[0]
        _, ask = main_protocol(inner)
        best, best_figure = self.settings[0], -1.0
        for setting in self.settings:
            figure = float(ask(self.make(inner, setting, SEED), inner).values[CHOSEN_BY].mean())
            if figure > best_figure:
                best, best_figure = setting, figure
            elif self.climbs:
                break
        return best
