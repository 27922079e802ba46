"""For what may hang: it is given some seconds, in a thread that nobody waits for any longer."""

import threading
from collections.abc import Callable
from typing import TypeVar

SECONDS = 30.0  # far more than anything that does not hang takes
T = TypeVar("T")


def promptly(work: Callable[[], T]) -> T:
    """What `work` gives, or raises what it raises; fails when it hangs."""
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
