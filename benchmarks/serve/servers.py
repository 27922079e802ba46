"""The two servers as processes: the timeline with its own settings, and the app whose route does nothing."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT
from benchmarks.resident import peak_rss
from benchmarks.serve.client import HOST
from demo import processes
from demo.processes import Process, free_port

READY_SECONDS = 60.0
API_KEY = "api-key-of-the-benchmark"
JWT_KEY = "jwt-key-of-the-benchmark-" + "k" * 32
_ADMIN_TOKEN = "admin-token-of-the-benchmark"  # noqa: S105 - of a server that lives as long as the benchmark


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    port: int
    process: Process

    def processor_seconds(self) -> float:
        """What the threads of the process, and of those that it started, have computed so far."""
        threads = [
            each for pid in _with_children(self._pid)
            for each in Path(f"/proc/{pid}/task").glob("*/schedstat")  # to the nanosecond; `stat` counts in ticks
        ]  # fmt: skip
        return sum(int(each.read_text(encoding="ascii").split()[0]) for each in threads) / 1e9

    def peak_bytes(self) -> int:
        """The most memory that it held."""
        return peak_rss(self._pid)

    @property
    def _pid(self) -> int:
        return self.process.pid


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _with_children(int(child))


@contextmanager
def timeline(
    home: Path, *, database_url: str, redis_url: str, root: Path = ROOT, path: str = "/readyz", workers: int = 1
) -> Iterator[Served]:
    """The timeline of a checkout as it is deployed, closed to strangers, once it answers well at a path."""
    port = free_port()
    given = environment(home, port, database_url, redis_url)
    if workers > 1:  # commits before it do not know the setting
        given = {**given, "WARMLINE_WORKERS": str(workers)}
    with _served(home, ["-m", "timeline"], given, port, root=root) as served:
        _until_answered(served, path)
        yield served


@contextmanager
def empty(home: Path) -> Iterator[Served]:
    """The app whose route does nothing."""
    with module(home, "benchmarks.serve.empty", path="/empty") as served:
        yield served


@contextmanager
def module(home: Path, name: str, *arguments: str, path: str) -> Iterator[Served]:
    """A module that serves at the port of its first argument, once it answers at a path."""
    port = free_port()
    with _served(home, ["-m", name, str(port), *arguments], os.environ, port) as served:
        _until_answered(served, path)
        yield served


def environment(home: Path, port: int, database_url: str, redis_url: str) -> Mapping[str, str]:
    """What a timeline is given; every setting that is not here has its default."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
    return others | {
        "WARMLINE_ADMIN_TOKEN": _ADMIN_TOKEN, "WARMLINE_API_KEY": API_KEY, "WARMLINE_JWT_KEY": JWT_KEY,
        "WARMLINE_DATABASE_URL": database_url, "WARMLINE_REDIS_URL": redis_url, "WARMLINE_PORT": str(port),
        "WARMLINE_SNAPSHOT_FILE": str(home / "timeline.bin"),
    }  # fmt: skip


@contextmanager
def _served(
    home: Path, arguments: list[str], given: Mapping[str, str], port: int, *, root: Path = ROOT
) -> Iterator[Served]:
    process = processes.start(
        [sys.executable, *arguments], log=home / "served.log", cwd=home, env={**given, "PYTHONPATH": str(root)}
    )
    try:
        yield Served(port=port, process=process)
    finally:
        processes.stop(process)


def _until_answered(served: Served, path: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://{HOST}:{served.port}{path}", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise BenchmarkRefused(f"{path}: no good answer within {READY_SECONDS:.0f} s; is the machine very busy?")
