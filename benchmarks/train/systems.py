"""The systems as programs that train by turns."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers import TRAINING, Program, peer_python, running
from benchmarks.train.epochs import END, EPOCH

OURS, PLAIN, RECBOLE = "warmline", "plain loop", "recbole"


@dataclass(slots=True, kw_only=True)
class System:
    """A program, and what it has said."""

    program: Program
    seconds: list[float] = field(default_factory=list)  # of each epoch
    losses: list[float] = field(default_factory=list)
    end: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.program.name

    def train(self) -> None:
        """One epoch."""
        said = self.program.ask(EPOCH)
        self.seconds.append(said["seconds"])
        self.losses.append(said["loss"])

    def finish(self) -> None:
        """Ask how good it is."""
        self.end = self.program.ask(END)


@contextmanager
def started(world: Path, folder: Path, seed: int, threads: int, *, peers: bool) -> Iterator[list[System]]:
    """All systems, each in its process; none outlives this."""
    asked = [str(world), str(seed)]
    commands = {
        OURS: [sys.executable, "-m", "benchmarks.train.ours", *asked],
        PLAIN: [sys.executable, "-m", "benchmarks.train.plain", *asked],
    }
    if peers:
        script = Path(__file__).with_name("recbole_peer.py")
        commands[RECBOLE] = [str(peer_python(TRAINING)), str(script), *asked, str(folder)]
    with ExitStack() as stack:
        yield [
            System(program=stack.enter_context(running(name, command, threads=threads)))
            for name, command in commands.items()
        ]
