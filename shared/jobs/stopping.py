"""How a job's process ends: with an exit code and at most one line, whatever ends it."""

import signal
import threading
from collections.abc import Callable

from shared.errors import WarmlineError
from shared.text.printable import write_error

STOPPED = 130  # as shells say it of a program that Ctrl-C ended


def exit_code_of(work: Callable[[], int]) -> int:
    """Do a process's work; what a reader can mend is said in plain lines, and a signal ends it without a traceback.

    SIGTERM is taken as SIGINT is, so that a run which it ends is on record as failed.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return work()
    except WarmlineError as error:
        for line in error.lines:
            write_error(line)
        return error.exit_code
    except KeyboardInterrupt:
        write_error("stopped")
        return STOPPED


class StopRequest:
    """Whether a service was asked to end: the first signal lets the run under way end, a second one ends it now."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.has_run = False  # while a run is under way

    def listen(self) -> None:
        """Hear SIGTERM and SIGINT from now on."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._on_signal())

    def _on_signal(self) -> None:
        """A signal came.

        Raises:
            KeyboardInterrupt: it is the second one, and a run is under way.
        """
        if self.asked.is_set() and self.has_run:
            raise KeyboardInterrupt
        self.asked.set()
