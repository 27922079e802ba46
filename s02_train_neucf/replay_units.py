"""The cuts of the replay as units of work, which may run side by side in processes of their own.

All cuts start from the model of the warm-up, which takes fewer epochs than random weights. A chain from cut to cut
could not run side by side, and gets worse from night to night (EXPERIMENTS.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from s02_train_neucf.gate.cuts import N_WARM_UP, ReplayCut
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.side_by_side import OnMessage
from s02_train_neucf.progress import WARM_UP, replay_step, training_step
from shared.errors import TrainingRefused
from shared.jobs.stages import Stopwatch

if TYPE_CHECKING:
    from s02_train_neucf.evaluation.evaluate import Report
    from s02_train_neucf.gate.history import History
    from s02_train_neucf.gate.replay import CutFigures
    from s02_train_neucf.learning.fit import Fitted, SearchResult
    from s02_train_neucf.learning.warm_start import Predecessor
    from s02_train_neucf.report import EvaluationPlan, OnEpoch

SharedPlan = tuple["EvaluationPlan", "History"]  # what all units of an evaluation read


class EvaluateGlobal(Protocol):
    """`report.evaluate_global_cut`."""

    def __call__(
        self, plan: "EvaluationPlan", fitted: "Fitted", *, at: float, searched_at: float
    ) -> "Report | None": ...


def with_messages(plan: "EvaluationPlan", on_message: OnMessage) -> "EvaluationPlan":
    """The plan of a unit of work: its progress goes into messages, and its times are its own."""
    return replace(plan, watch=Stopwatch(), report_progress=lambda *step: on_message(step))


class Messages:
    """Takes the messages of units of work: an epoch, a part of a step, or the times of a unit that is over."""

    def __init__(self, plan: "EvaluationPlan", on_epoch: "OnEpoch") -> None:
        self._plan, self._on_epoch = plan, on_epoch

    def take(self, message: object) -> None:
        """Pass a message on to the run's own progress and times."""
        match message:
            case (str() as cut, EpochResult() as epoch):
                self._on_epoch(cut, epoch)
            case (str() as step, int() as done, int() as total):
                self._plan.report_progress(step, done, total)
            case Stopwatch() as watch:
                self._plan.watch.include(watch)
            case _:
                raise TypeError(f"message: got {message!r:.100}, expected an epoch, a step or a stopwatch")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replayed:
    """What came of a cut."""

    figures: "CutFigures"
    is_warm_up: bool
    report: "Report | None"  # of the global cut
    model: "Predecessor | None" = None  # that the other cuts start from


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayUnit:
    """A cut to train at and to replay: a unit of work."""

    cut: ReplayCut
    name: str
    is_warm_up: bool
    is_global: bool  # whether its model is also that of the global cut
    evaluate_global: EvaluateGlobal
    search_result: "SearchResult"
    searched_at: float  # time of the cut before which was searched
    predecessor: "Predecessor | None" = None  # to start from
    gives_model: bool = False  # whether other cuts start from its model

    def __call__(self, shared: SharedPlan, on_message: OnMessage) -> Replayed | None:
        """Train and replay; None where there is nothing to learn from."""
        plan, history = with_messages(shared[0], on_message), shared[1]
        try:
            fitted = plan.fit(
                plan.data.before(self.cut.start), partial(_send_epoch, on_message, self.name), self.search_result,
                self.predecessor,
            )  # fmt: skip
        except TrainingRefused:
            return None
        short = self.name.partition(" of ")[0]
        plan.report_progress(training_step(short), 1, 1)  # it may have ended early
        report = self._global_report(plan, fitted)
        figures = plan.replay(history, self.cut, fitted, self.name)
        plan.report_progress(replay_step(short), 1, 1)
        on_message(plan.watch)
        return Replayed(
            figures=figures, is_warm_up=self.is_warm_up, report=report,
            model=fitted.as_predecessor("the warm-up") if self.gives_model else None,
        )  # fmt: skip

    def _global_report(self, plan: "EvaluationPlan", fitted: "Fitted") -> "Report | None":
        if not self.is_global:
            return None
        return self.evaluate_global(plan, fitted, at=self.cut.start, searched_at=self.searched_at)


def units_of(
    cuts: Sequence[ReplayCut],
    evaluate_global: EvaluateGlobal,
    search_result: "SearchResult",
    searched_at: float,
) -> list[ReplayUnit]:
    """One for each cut, in order of time; the first one gives its model to the others."""
    units = [
        ReplayUnit(
            cut=cut,
            name=name_of_cut(index, len(cuts)),
            is_warm_up=index < N_WARM_UP,
            is_global=index == N_WARM_UP,
            evaluate_global=evaluate_global,
            search_result=search_result,
            searched_at=searched_at,
        )
        for index, cut in enumerate(cuts)
        if cut.start >= searched_at
    ]
    return [replace(units[0], gives_model=True), *units[1:]] if units else []


def name_of_cut(index: int, n_cuts: int) -> str:
    """What a cut is called in progress and curves."""
    return f"cut {index} of {n_cuts - N_WARM_UP}" if index >= N_WARM_UP else WARM_UP


def _send_epoch(on_message: OnMessage, cut: str, epoch: EpochResult) -> None:
    on_message((cut, epoch))
