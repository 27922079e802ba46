"""What the epochs of a run came to: one series of losses and validation figures for each training in it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochResult:
    """What one epoch came to."""

    number: int  # from 1
    of: int
    loss: float  # mean over the steps
    validation: float | None  # None in epochs that were not validated
    seconds: float = field(default=0.0, compare=False)  # of learning …
    validation_seconds: float = field(default=0.0, compare=False)  # … and of validation


@dataclass(slots=True)
class LearningCurves:
    """Filled while the run trains. A cut that is trained on twice (search, then all of it) has two series."""

    losses: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # training → (epoch from 1, mean loss)
    validations: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _rounds: dict[str, int] = field(default_factory=dict)

    def add(self, cut: str, epoch: EpochResult) -> None:
        """One epoch of a cut; a number that begins again at 1 begins another series."""
        if epoch.number == 1:
            self._rounds[cut] = self._rounds.get(cut, 0) + 1
        again = self._rounds.get(cut, 1)
        name = cut if again == 1 else f"{cut} again" if again == 2 else f"{cut} again {again - 1}"
        self.losses.setdefault(name, []).append((epoch.number, epoch.loss))
        if epoch.validation is not None:
            self.validations.setdefault(name, []).append((epoch.number, epoch.validation))
