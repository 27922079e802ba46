"""What libraries write to the log, bounded; what we write, not."""

import logging
import warnings
from collections.abc import Iterator

import pytest

from shared.text.library_noise import LINES, MAX_CALL_SITES, OURS, SECONDS, WARNINGS, LibraryNoise


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Written(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def written(clock: Clock) -> Written:
    handler = Written()
    handler.addFilter(LibraryNoise(clock))
    return handler


@pytest.fixture
def library(written: Written) -> Iterator[logging.Logger]:
    logger = logging.getLogger("some.library")
    logger.handlers[:], logger.propagate = [written], False
    yield logger
    logger.handlers.clear()


def test_a_place_in_a_library_writes_a_few_lines_however_they_differ(library: logging.Logger, written: Written) -> None:
    for request in range(1000):
        library.warning("request %d is no HTTP", request)
    assert written.lines == [f"request {request} is no HTTP" for request in range(LINES)]


def test_another_place_still_writes(library: logging.Logger, written: Written) -> None:
    for _ in range(1000):
        library.warning("often")
    library.warning("seldom")
    assert written.lines[-1] == "seldom"


def test_the_next_minutes_first_line_says_how_many_were_left_out(
    library: logging.Logger, written: Written, clock: Clock
) -> None:
    for seconds in [0.0] * (LINES + 6) + [SECONDS]:
        clock.now = seconds
        library.warning("often")
    assert written.lines == ["often"] * LINES + ["often (and 6 like it before)"]


def test_our_own_lines_all_pass(written: Written, clock: Clock) -> None:
    noise = LibraryNoise(clock)
    record = logging.LogRecord(f"{OURS}.timeline", logging.WARNING, "ours.py", 1, "ours", (), None)
    assert all(noise.filter(record) for _ in range(1000))


def test_warnings_of_ever_other_words_are_of_one_place(clock: Clock) -> None:
    noise = LibraryNoise(clock)
    texts = [warnings.formatwarning(f"tag {tag}", UserWarning, "PIL.py", 946, "warn(tag)") for tag in range(1000)]
    records = [logging.LogRecord(WARNINGS, logging.WARNING, "logging.py", 1, "%s", (text,), None) for text in texts]
    passed = [record.getMessage() for record in records if noise.filter(record)]
    assert passed == [f"PIL.py:946: UserWarning: tag {tag}" for tag in range(LINES)]


def test_what_is_counted_is_bounded_itself(clock: Clock) -> None:
    noise = LibraryNoise(clock)
    records = [
        logging.LogRecord("a", logging.WARNING, "a.py", line, "a", (), None) for line in range(2 * MAX_CALL_SITES)
    ]
    assert sum(noise.filter(record) for record in records) == MAX_CALL_SITES
