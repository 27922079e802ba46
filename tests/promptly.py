"""For calls that may hang: they get some seconds in a thread, which is then abandoned."""

import threading
from collections.abc import Callable
from typing import TypeVar

SECONDS = 30.0  # far more than anything that does not hang takes
T = TypeVar("T")


def promptly(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises; fail if it hangs."""
    gave: list[T] = []
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            gave.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), "it hangs"
    if raised:
        raise raised[0]
    return gave[0]
