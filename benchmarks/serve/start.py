"""How soon a timeline answers after it was started: the first answer of all, and the first page."""

import http.client
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Self

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT
from benchmarks.serve import servers
from benchmarks.serve.client import HOST
from benchmarks.serve.empty import PATH
from demo import processes
from demo.processes import free_port

TRY_EVERY = 0.002  # seconds between two tries to connect
LONGEST = 30.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start, in seconds since its process was asked for."""

    empty: float  # an app whose route does nothing, with the same server: the floor of any app of this kind
    answer: float  # the timeline's first answer, to /healthz
    page: float  # its first page
    computing: float  # what the timeline's process had computed by then, which a busy machine changes less

    @classmethod
    def median(cls, starts: Sequence[Self]) -> Self:
        """The median of each figure."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: median(getattr(start, name) for start in starts) for name in names})


def measure_starts(home: Path, *, database_url: str, redis_url: str, count: int) -> list[Start]:
    """Several starts, each system in turn; a first one of each, which compiles and reads all files, does not count."""
    found = []
    for _ in range(count + 1):
        port = free_port()
        given = servers.environment(home, port, database_url, redis_url)
        empty, _, _ = _start(home, ["-m", "benchmarks.serve.empty", str(port)], given, port, [PATH])
        answer, page, computing = _start(home, ["-m", "timeline"], given, port, ["/healthz", "/timeline/somebody"])
        found.append(Start(empty=empty, answer=answer, page=page, computing=computing))
    return found[1:]


def _start(
    home: Path, arguments: list[str], given: Mapping[str, str], port: int, paths: Sequence[str]
) -> tuple[float, float, float]:
    """Seconds to the first answer of the first and of the last path, and what the process has computed by then."""
    begun = time.perf_counter()
    # Compiled code, as the images have it, whatever this shell says; kept apart from the checkout.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "compiled")}
    environment = {**given, **compiled, "PYTHONPATH": str(ROOT)}
    process = processes.start([sys.executable, *arguments], log=home / "started.log", cwd=home, env=environment)
    try:
        seconds = [_until_answered(port, path, begun) for path in paths]
        computing = servers.Served(port=port, process=process).processor_seconds()
    finally:
        processes.stop(process)
    return seconds[0], seconds[-1], computing


def _until_answered(port: int, path: str, begun: float) -> float:
    while time.perf_counter() - begun < LONGEST:
        connection = http.client.HTTPConnection(HOST, port, timeout=LONGEST)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {servers.API_KEY}"})
            if connection.getresponse().status == 200:
                return time.perf_counter() - begun
        except OSError:
            time.sleep(TRY_EVERY)
        finally:
            connection.close()
    raise BenchmarkRefused(f"{path}: no good answer within {LONGEST:.0f} s; is the machine very busy?")
