"""What a timeline process shares with those beside it (`WARMLINE_WORKERS`): made before they part, in common memory."""

from dataclasses import dataclass
from typing import Self

from shared.signing import SigningKeys
from timeline.settings import TimelineSettings
from timeline.shared_cells import SharedCells
from timeline.signing_keys import signing_keys
from timeline.write_rates import WriteRates


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One of the timeline processes."""

    index: int  # from 0
    cells: SharedCells
    keys: SigningKeys  # where none is set, made once for all
    write_rates: WriteRates

    @classmethod
    def group(cls, settings: TimelineSettings) -> list[Self]:
        """All of them, before they part."""
        cells, keys, rates = SharedCells(settings.workers), signing_keys(settings), WriteRates()
        return [cls(index=index, cells=cells, keys=keys, write_rates=rates) for index in range(settings.workers)]

    @classmethod
    def alone(cls, settings: TimelineSettings) -> Self:
        """The only one in this process, as in tests and under another server."""
        return cls(index=0, cells=SharedCells(1), keys=signing_keys(settings), write_rates=WriteRates())

    @property
    def keeps_file(self) -> bool:
        """Whether it is this one that writes the snapshot's file as time goes by."""
        return self.index == 0

    def beat(self) -> None:
        """This process runs. One that stops saying so is replaced by another."""
        self.cells.beat(self.index)

    def note_erasure(self) -> None:
        """A user was erased through this process: what the others hold may still name them."""
        self.cells.note_erasure(self.index)

    def erasures_elsewhere(self) -> float:
        """How many were erased through the other processes."""
        return self.cells.erasures_elsewhere(self.index)
