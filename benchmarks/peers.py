"""Runs programs that work on command, and other libraries in venvs of their own.

A program reads one word per line and answers each with a line of JSON; other output is ignored, since libraries print
much. The programs of other libraries import nothing of Warmline.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT

STAMP = "installed"
INSTALL_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerVenv:
    """A venv, and the names of its packages, which pip installs."""

    folder: Path
    packages: tuple[str, ...]


SCORING = PeerVenv(
    folder=ROOT / ".warmline" / "peers" / "score", packages=("torch==2.13.0", "cornac==3.0.1", "recbole==1.2.1")
)
# RecBole's training uses names that numpy 2 and pandas 3 no longer have; setuptools 81 has no pkg_resources.
TRAINING = PeerVenv(
    folder=ROOT / ".warmline" / "peers" / "train",
    packages=("torch==2.13.0", "recbole==1.2.1", "numpy==1.26.4", "pandas==2.2.3", "scipy==1.13.1", "setuptools<81"),
)


def peer_python(wanted: PeerVenv) -> Path:
    """The Python of a venv with other libraries, which is made if it is missing.

    Raises:
        BenchmarkRefused: pip could not install them.
    """
    python, stamp = wanted.folder / "bin" / "python", wanted.folder / STAMP
    pins = "\n".join(wanted.packages)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == pins:
        return python
    if not python.exists():
        venv.create(wanted.folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    try:
        subprocess.run([*install, *wanted.packages], check=True, timeout=INSTALL_SECONDS, stdout=sys.stderr)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchmarkRefused(
            f"--peers: {' '.join(wanted.packages)} cannot be installed ({error}); leave --peers out"
        ) from error
    stamp.write_text(pins, encoding="utf-8")
    return python


@dataclass(slots=True, kw_only=True)
class Program:
    """A running program."""

    name: str
    process: "subprocess.Popen[str]"
    said: dict[str, Any] = field(default_factory=dict)  # its last answer

    def ask(self, word: str) -> Mapping[str, Any]:
        """Send a word, and wait for the answer.

        Raises:
            BenchmarkRefused: it ended instead.
        """
        try:
            _given(self.process.stdin).write(f"{word}\n")
            _given(self.process.stdin).flush()
        except OSError:
            pass  # it has ended; what it said before that may still be an answer
        for line in _given(self.process.stdout):
            record = _record(line)
            if record is not None:
                self.said = record
                return record
        raise BenchmarkRefused(f"{self.name}: its process has ended; see what it wrote above")


@contextmanager
def running(name: str, command: Sequence[str], *, threads: int) -> Iterator[Program]:
    """Start a program, which prepares itself meanwhile; it ends with the block."""
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"},
    )  # fmt: skip
    try:
        yield Program(name=name, process=process)
    finally:
        process.kill()
        process.communicate()


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _given(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "asked for when the process was started"
    return pipe
