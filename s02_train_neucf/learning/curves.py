"""Learning curves of a run: a series of losses and validation figures for each training in it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochResult:
    """The figures of one epoch."""

    number: int  # from 1
    of: int
    loss: float  # mean over the steps
    validation: float | None  # None in epochs that were not validated
    seconds: float = field(default=0.0, compare=False)  # without validation
    validation_seconds: float = field(default=0.0, compare=False)


@dataclass(slots=True)
class LearningCurves:
    """Filled during training. A cut that is trained on twice (search, then all its data) has two series."""

    losses: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # training → (epoch from 1, mean loss)
    validations: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _rounds: dict[str, int] = field(default_factory=dict)

    def add(self, cut: str, epoch: EpochResult) -> None:
        """Add an epoch of a cut; number 1 starts another series."""
        if epoch.number == 1:
            self._rounds[cut] = self._rounds.get(cut, 0) + 1
        again = self._rounds.get(cut, 1)
        name = cut if again == 1 else f"{cut} again" if again == 2 else f"{cut} again {again - 1}"
        self.losses.setdefault(name, []).append((epoch.number, epoch.loss))
        if epoch.validation is not None:
            self.validations.setdefault(name, []).append((epoch.number, epoch.validation))
