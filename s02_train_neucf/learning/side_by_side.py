"""Independent work side by side, such as the members of a model: the interface, and the way with one process.

A unit of work is a function of a value that several units share, and of a function that takes messages meanwhile. All
randomness of a unit comes from its own seed, so results do not depend on where and in which order units run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

OnMessage = Callable[[Any], None]  # takes a message of a unit, such as the figures of an epoch
Work = Callable[[Value, OnMessage], Result]
Fit = Callable[[OnMessage], Result]


class Pending(Protocol[Result_co]):
    """A unit of work that was handed over."""

    def result(self) -> Result_co:
        """Wait for the result; messages arrive meanwhile.

        Raises:
            TrainingRefused, …: what the work raised.
            WorkerDied: its process ended without a result.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Shared(Generic[Value]):
    """A value that several units read and none changes."""

    value: Value


class Workers:
    """Does all work in this process, a unit when its result is asked for; `WorkerPool` has processes for it."""

    count = 1  # units that run at the same time

    def share(self, value: Value) -> Shared[Value]:
        """Make a value known that several units read."""
        return Shared(value)

    def forget(self, shared: Shared[Any]) -> None:
        """Free what a shared value takes besides the value: no further unit reads it."""

    def submit(
        self,
        work: Work[Value, Result],
        shared: Shared[Value],
        *,
        name: str,  # noqa: ARG002 - a pool needs it
        on_message: OnMessage,
        apart: str = "",  # noqa: ARG002 - the same
    ) -> Pending[Result]:
        """Hand over a unit of work.

        Args:
            work: a function of a module, or an object of such a class: it may run in another process.
            shared: what it reads.
            name: for messages on errors.
            on_message: gets its messages, in this process, while some result is waited for.
            apart: units with the same word here never run at the same time, for they take much memory.
        """
        return _Deferred(work, shared.value, on_message)


ALONE = Workers()


@dataclass(frozen=True, slots=True, eq=False)
class _Deferred(Generic[Value, Result]):
    work: Work[Value, Result]
    value: Value
    on_message: OnMessage

    def result(self) -> Result:
        return self.work(self.value, self.on_message)


@dataclass(frozen=True, slots=True, eq=False)
class FitsUnderWay(Generic[Result]):
    """Fits that were handed over together."""

    workers: Workers
    shared: Shared[Any]
    pending: Sequence[Pending[Result]]
    in_order: "_InOrder"

    def results(self) -> list[Result]:
        """Wait for all results, in the order of the fits.

        Raises:
            TrainingRefused, …: what the first fit that failed raised.
            WorkerDied: a process ended without a result.
        """
        results = list[Result]()
        for each in self.pending:
            results.append(each.result())
            self.in_order.next_turn()
        self.workers.forget(self.shared)
        return results


def begin_side_by_side(
    fits: Sequence[Fit[Result]], workers: Workers, on_message: OnMessage, *, name: str = "a training"
) -> FitsUnderWay[Result]:
    """Hand over fits; see `run_side_by_side`. With one worker nothing happens before the results are asked for."""
    in_order, shared = _InOrder(on_message), workers.share(tuple(fits))
    pending = [
        workers.submit(_NthFit(index), shared, name=name, on_message=_of_turn(in_order, index))
        for index in range(len(fits))
    ]
    return FitsUnderWay(workers, shared, pending, in_order)


def run_side_by_side(
    fits: Sequence[Fit[Result]], workers: Workers, on_message: OnMessage, *, name: str = "a training"
) -> list[Result]:
    """Do independent fits side by side, such as the trials of a search; their results in the order of the fits.

    Args:
        fits: functions of `on_message`, each with its own seed, that may be pickled: `train.Training` is one.
        workers: how many run at the same time.
        on_message: gets the messages of all fits as if they ran one after another: those of a later fit are held back
            until the earlier ones have ended, so curves and their names do not depend on the number of workers.
        name: of each, for messages on errors.

    Raises:
        TrainingRefused, …: what the first fit that failed raised.
        WorkerDied: a process ended without a result.
    """
    return begin_side_by_side(fits, workers, on_message, name=name).results()


@dataclass(frozen=True, slots=True)
class _NthFit:
    index: int

    def __call__(self, fits: Sequence[Fit[Result]], on_message: OnMessage) -> Result:
        return fits[self.index](on_message)


@dataclass(slots=True, eq=False)
class _InOrder:
    """Passes messages on in the order of the units, not of time."""

    on_message: OnMessage
    turn: int = 0
    held_back: dict[int, list[Any]] = field(default_factory=dict)

    def take(self, index: int, message: object) -> None:
        if index == self.turn:
            self.on_message(message)
        else:
            self.held_back.setdefault(index, []).append(message)

    def next_turn(self) -> None:
        self.turn += 1
        for message in self.held_back.pop(self.turn, []):
            self.on_message(message)


def _of_turn(in_order: _InOrder, index: int) -> OnMessage:
    return lambda message: in_order.take(index, message)
