"""A circuit breaker: a store that failed a few times in a row is not called until a background check succeeds."""

from collections.abc import Callable
from dataclasses import dataclass

FAILURES = 3  # in a row


@dataclass(slots=True)
class Breaker:
    """Open: requests do not call the store. Only a background check closes it, so no request waits for a retry."""

    store: str
    on_open: Callable[[str], None] = lambda _store: None
    is_open: bool = False
    _failures: int = 0

    def failed(self) -> None:
        """A request got no answer."""
        self._failures += 1
        if self._failures >= FAILURES and not self.is_open:
            self.is_open = True
            self.on_open(self.store)

    def answered(self) -> None:
        """A request got an answer; a late one does not close an open breaker."""
        if not self.is_open:
            self._failures = 0

    def close(self) -> None:
        """A background check got an answer."""
        self._failures, self.is_open = 0, False
