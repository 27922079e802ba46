"""Other libraries, each measured by a small program in a venv of their own, round by round.

The program prints one line `ready VERSIONS`, then for each number that it reads the line `done` once it has done that
much. It imports nothing of Warmline.
"""

import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.errors import BenchmarkRefused

DEFAULT_FOLDER = Path(".warmline/peers")
PACKAGES = ("torch==2.13.0", "cornac==3.0.1", "recbole==1.2.1")  # by name, from the registry that pip uses
STAMP = "installed"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program under way."""

    name: str
    versions: str
    process: "subprocess.Popen[str]"

    def do(self, amount: int) -> None:
        """Let it do that much, and wait.

        Raises:
            BenchmarkRefused: it ended instead.
        """
        _given(self.process.stdin).write(f"{amount}\n")
        _given(self.process.stdin).flush()
        _expect(self.process, self.name, "done")


def peer_python(folder: Path) -> Path:
    """The Python of a venv with the other libraries; made and filled where it is not there yet.

    Raises:
        BenchmarkRefused: pip could not install them.
    """
    python, stamp = folder / "bin" / "python", folder / STAMP
    wanted = "\n".join(PACKAGES)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        if not python.exists():
            venv.create(folder, with_pip=True)
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=False)
        if done.returncode != 0:
            raise BenchmarkRefused(f"peers: pip install {' '.join(PACKAGES)} into {folder} failed; leave --peers out")
        stamp.write_text(wanted, encoding="utf-8")
    return python


@contextmanager
def running(name: str, python: Path, program: Path, arguments: Sequence[str]) -> Iterator[Peer]:
    """Start a program, and end it at the end."""
    process = subprocess.Popen(
        [str(python), str(program), *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Peer(name, _expect(process, name, "ready"), process)
    finally:
        _given(process.stdin).close()
        process.terminate()
        process.wait()
        _given(process.stdout).close()


def _expect(process: "subprocess.Popen[str]", name: str, word: str) -> str:
    for line in _given(process.stdout):  # libraries print much of their own
        first, _, rest = line.strip().partition(" ")
        if first == word:
            return rest
    raise BenchmarkRefused(f"{name}: its program ended before it was {word}; run it by hand to see why")


def _given(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        sys.exit("a pipe that was asked for is not there")
    return pipe
