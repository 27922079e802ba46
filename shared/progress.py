"""Progress bars of long jobs, on a terminal; elsewhere nothing, since the log tells of each stage."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A function that takes what is going on, how much is done, and of how much."""
    known: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:

        def tell(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = progress.add_task(what, total=total)
            progress.update(known[what], completed=done, total=total)

        yield tell
