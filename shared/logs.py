"""One line per finished stage, with counts and seconds: `level stage key=value …` on standard error."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from shared.text.library_noise import OURS, LibraryNoise
from shared.text.printable import printable

_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def start_logging(level: str = "INFO") -> None:
    """Send our log lines, and warnings of libraries, to standard error, with times in UTC."""
    handler = _StandardError()
    formatter = _OneLine(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(LibraryNoise())
    logging.captureWarnings(capture=True)  # Python itself would print each with a line of the library's source
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)


class _OneLine(logging.Formatter):
    """Keeps a record on one printable line, since a library may quote untrusted text; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the current `sys.stderr`: while a progress bar is drawn, lines appear above it."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        pass  # the base class would fix one stream


def log_event(name: str, /, **facts: object) -> None:
    """Log one line: the event, and its facts as key=value."""
    _write(logging.INFO, name, facts)


def log_trouble(name: str, /, **facts: object) -> None:
    """Log one line about something that may need the operator's attention."""
    _write(logging.WARNING, name, facts)


@contextmanager
def stage(name: str) -> Iterator[dict[str, object]]:
    """Time a stage and log the facts that the block puts into the dict. A stage that fails logs nothing.

    Afterwards the dict holds the stage's `seconds` too.
    """
    facts: dict[str, object] = {}
    begun = time.monotonic()
    yield facts
    facts["seconds"] = round(time.monotonic() - begun, 3)
    log_event(name, **facts)


def _write(level: int, name: str, facts: dict[str, object]) -> None:
    words = " ".join(f"{key}={_word(value)}" for key, value in facts.items())
    logging.getLogger(OURS).log(level, "%s %s", name, words)


def _word(value: object) -> str:
    text = printable(f"{value:.3f}" if isinstance(value, float) else str(value))
    if " " not in text and '"' not in text:
        return text
    return '"' + text.replace('"', '\\"') + '"'
