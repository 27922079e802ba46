"""Progress bars of long jobs on a terminal; elsewhere none, since the log has a line for each stage."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from shared import run_progress
from shared.text.safe_console import SafeConsole


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A function that takes the name of a step, how much is done, and the total."""
    known: dict[str, TaskID] = {}
    with Progress(console=SafeConsole(stderr=True), disable=not sys.stderr.isatty()) as progress:

        def report_progress(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = progress.add_task(what, total=total)
            progress.update(known[what], completed=done, total=total)

        yield report_progress


@contextmanager
def run_bar(job: str) -> Iterator[Callable[[run_progress.Progress], None]]:
    """A function that shows the progress of a job's run: one bar for the whole run, its step, and the time left.

    The bar starts again with the next run of a service.
    """
    columns = TextColumn(f"{job} {{task.description}}"), BarColumn(bar_width=20), TaskProgressColumn()
    columns_and_rest = (*columns, TextColumn("{task.fields[left]}"))
    with Progress(*columns_and_rest, console=SafeConsole(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task: TaskID | None = None

        def draw(far: run_progress.Progress) -> None:
            nonlocal task
            if task is None:
                task = progress.add_task("", total=100, left="")
            left = "" if far.seconds_left is None else f"about {duration(far.seconds_left)} left"
            progress.update(task, completed=far.percent, description=far.step, left=left if far.percent < 100 else "")

        yield draw


def duration(seconds: float) -> str:
    """Seconds in a readable form: 40 s, 12 min, 1 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
