"""Does something during a run: when the run reports a given step."""

from collections.abc import Callable

from shared.run_progress import RunProgress


class StopAt(RunProgress):
    """Calls a function once, when a step is reported for the first time."""

    def __init__(self, step: str, then: Callable[[], object]) -> None:
        super().__init__()
        self._step, self._then = step, then
        self.was_met = False

    def report(self, step: str, done: int, total: int) -> None:
        super().report(step, done, total)
        if step == self._step and not self.was_met:
            self.was_met = True
            self._then()
