"""Ends a job's process with an exit code and plain messages, whatever the cause."""

import signal
import threading
from collections.abc import Callable

from shared.errors import WarmlineError
from shared.text.printable import write_error

STOPPED = 130  # the exit code of shells for a program ended by Ctrl-C


def exit_code_of(work: Callable[[], int]) -> int:
    """Do the work of a process; errors that a reader can solve are plain lines, and a signal causes no traceback.

    SIGTERM is handled like SIGINT, so that a run ended by it is recorded as failed.
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
    """A request to stop a service: the first signal lets the current run finish, a second one ends it at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.has_run = False  # a run is under way

    def listen(self) -> None:
        """Handle SIGTERM and SIGINT from now on."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._on_signal())

    def _on_signal(self) -> None:
        """Note a signal.

        Raises:
            KeyboardInterrupt: it is the second one, and a run is under way.
        """
        if self.asked.is_set() and self.has_run:
            raise KeyboardInterrupt
        self.asked.set()
