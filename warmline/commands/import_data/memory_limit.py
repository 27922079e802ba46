"""Limits the memory that reading a file may take: a few compressed bytes may expand to gigabytes."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ImportRefused

MAX_MORE = 4 * 1024**3  # bytes: many times the largest batch of ordinary rows
_DATA_PAGES = 5  # the index of data and stack in /proc/self/statm


@contextmanager
def memory_limit(more: int = MAX_MORE) -> Iterator[None]:
    """During the block this process may take at most `more` additional bytes; on Linux only.

    Raises:
        ImportRefused: it needed more.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_limit(before, more), before[1]))
    try:
        yield
    except MemoryError:
        got = f"reading takes more than {more / 1024**3:g} GB of memory"
        raise ImportRefused(f"{got}; are the texts honest? Else write smaller row groups") from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _limit(before: tuple[int, int], more: int) -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[_DATA_PAGES])
    except OSError:
        return before[0]
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + more
    return min([wanted, *(limit for limit in before if limit != resource.RLIM_INFINITY)])
