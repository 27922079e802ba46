"""The systems as processes that train by turns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT
from benchmarks.train.peer_venv import peer_python
from benchmarks.train.turns import END, EPOCH

OURS, PLAIN, RECBOLE = "warmline", "plain loop", "recbole"


@dataclass(slots=True, kw_only=True)
class System:
    """A process, and what it has said."""

    name: str
    process: "subprocess.Popen[str]"
    seconds: list[float] = field(default_factory=list)  # of each epoch
    losses: list[float] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, name: str, command: Sequence[str], threads: int) -> Self:
        """Start it; it gets ready meanwhile."""
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return cls(name=name, process=process)

    def train(self) -> None:
        """One epoch."""
        said = self._asked(EPOCH)
        self.seconds.append(said["seconds"])
        self.losses.append(said["loss"])

    def finish(self) -> None:
        """Ask how good it is, and end it."""
        self.end = self._asked(END)
        self.process.wait(timeout=60)

    def _asked(self, word: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
            said: dict[str, Any] = json.loads(self.process.stdout.readline())
        except (OSError, json.JSONDecodeError) as error:
            raise BenchmarkRefused(f"{self.name}: its process has ended; see what it wrote above") from error
        return said


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
        commands[RECBOLE] = [str(peer_python()), str(script), *asked, str(folder)]
    systems = [System.start(name, command, threads) for name, command in commands.items()]
    try:
        yield systems
    finally:
        for system in systems:
            system.process.kill()
            system.process.communicate()
