"""What all steps of the demo share once its services run, and the log of its steps."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console

from demo.client import Client
from demo.services import Running
from demo.sources import Source
from demo.world import DemoUsers


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses of everything. The first two contain passwords."""

    database_url: str
    redis_url: str
    timeline_url: str
    feed_url: str


@dataclass(slots=True)
class ProgressLog:
    """The steps done so far, for the summaries."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    done: dict[str, tuple[str, float]] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, result: str, doing: str | None = None) -> Iterator[None]:
        """Time a step, and show a spinner with the text `doing`."""
        began = time.monotonic()
        with nullcontext() if doing is None else self.console.status(doing):
            yield
        self.done[name] = (result, time.monotonic() - began)

    def take(self) -> dict[str, tuple[str, float]]:
        """The steps since the last summary."""
        done, self.done = self.done, {}
        return done


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoContext:
    """What the steps over HTTP need."""

    progress: ProgressLog
    client: Client
    running: Running
    addresses: Addresses
    cast: DemoUsers
    source: Source

    @property
    def console(self) -> Console:
        return self.progress.console
