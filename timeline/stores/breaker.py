"""Leaves a store alone that failed a few times in a row, until the keeper's look at it in the background was good."""

from collections.abc import Callable
from dataclasses import dataclass

FAILURES = 3  # in a row


@dataclass(slots=True)
class Breaker:
    """Open: requests do not ask the store. Only a good look of the keeper closes it, so no request pays for trying."""

    store: str
    on_open: Callable[[str], None] = lambda _store: None
    is_open: bool = False
    _failures: int = 0

    def failed(self) -> None:
        """A request had no answer."""
        self._failures += 1
        if self._failures >= FAILURES and not self.is_open:
            self.is_open = True
            self.on_open(self.store)

    def answered(self) -> None:
        """A request had an answer; one that was on its way when the breaker opened does not close it."""
        if not self.is_open:
            self._failures = 0

    def close(self) -> None:
        """The keeper had an answer."""
        self._failures, self.is_open = 0, False
