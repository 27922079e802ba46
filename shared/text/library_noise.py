"""Limits what libraries write to the log: untrusted input may make a library warn without end."""

import logging
import time
from collections import Counter
from collections.abc import Callable

OURS, WARNINGS = "warmline", "py.warnings"  # loggers: our own, and the one that Python's warnings come by
LINES, SECONDS = 5, 60.0  # log lines of one call site in this time
MAX_CALL_SITES = 1000  # that are told apart


class LibraryNoise(logging.Filter):
    """Lets each call site in a library log a few lines a minute; our own lines all pass.

    The next line of a call site whose lines were left out says how many.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._begun = clock()
        self._lines: Counter[str] = Counter()  # in this minute, by call site
        self._left_out: Counter[str] = Counter()  # since the call site's last line was written

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written; the second line of a warning (the library's source code) is cut off."""
        if record.name.partition(".")[0] == OURS:
            return True
        text = record.getMessage()
        if record.name == WARNINGS:
            text = text.partition("\n")[0]
        call_site = _call_site_of(record, text)
        if not self._is_within_bounds(call_site):
            return False
        left_out = self._left_out.pop(call_site, 0)
        record.msg, record.args = f"{text} (and {left_out} like it before)" if left_out else text, ()
        return True

    def _is_within_bounds(self, call_site: str) -> bool:
        if self._clock() - self._begun >= SECONDS:
            self._begun = self._clock()
            self._lines.clear()
        if call_site not in self._lines and len(self._lines) >= MAX_CALL_SITES:
            return False
        self._lines[call_site] += 1
        if self._lines[call_site] <= LINES:
            return True
        self._left_out[call_site] += 1
        return False


def _call_site_of(record: logging.LogRecord, text: str) -> str:
    if record.name != WARNINGS:
        return f"{record.pathname}:{record.lineno}"
    return text.partition(": ")[0]  # of `PATH:LINE: CATEGORY: TEXT`, whose text differs each time
