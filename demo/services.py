"""The services as processes of the launcher: start, wait until they are well, watch, stop.

A service of a later phase joins by a line in `SERVICES`.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from demo import processes
from demo.errors import ServiceFailed
from demo.processes import Process

READY_SECONDS = 60.0  # the timeline is ready in a second or two; a loaded machine takes longer
STEP_SECONDS = 900.0  # the longest step is the import
_ROOT = Path(__file__).resolve().parent.parent

SERVICES = ("s01_heuristic", "timeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every process of the demo is given: variables, and a folder for logs."""

    environment: Mapping[str, str]
    home: Path

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def log_of(self, name: str) -> Path:
        """Where a service or step writes."""
        return self.logs / f"{name}.log"


@dataclass(slots=True, kw_only=True)
class Running:
    """The services that run. `fallen` names those whose end has been reported."""

    processes: dict[str, Process]
    surroundings: Surroundings
    fallen: set[str] = field(default_factory=set)

    def newly_fallen(self) -> list[str]:
        """The services that ended since the last call."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        new = [name for name in ended if name not in self.fallen]
        self.fallen.update(new)
        return new

    def last_words(self, name: str) -> str:
        """Exit code and the end of the log of a service that ended."""
        return f"{name}: ended with exit code {self.processes[name].poll()}; the end of its log:\n" + processes.tail(
            self.surroundings.log_of(name)
        )


def variables(base: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The environment of the services: the user's, ours, and where the code lies.

    The user's views are left out: the demo's world lives in Warmline's own tables.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(("WARMLINE_SOURCE_", "WARMLINE_DEMO_"))}
    return {**kept, **own, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}


def run_step(surroundings: Surroundings, name: str, arguments: Sequence[str], *, show: bool = False) -> None:
    """Run one command to its end; `show` gives it our terminal, else its output goes into a log.

    Raises:
        ServiceFailed: the exit code is not 0, or it took too long.
    """
    log = None if show else surroundings.log_of(name)
    if log is not None:
        log.unlink(missing_ok=True)
    process = _start(surroundings, arguments, log)
    try:
        exit_code = process.wait(STEP_SECONDS)
    except subprocess.TimeoutExpired:
        raise ServiceFailed(f"{name}: not done in {STEP_SECONDS:.0f} s") from None
    finally:
        processes.stop(process)
    if exit_code != 0:
        reason = "" if log is None else f"; the end of its log:\n{processes.tail(log)}"
        raise ServiceFailed(f"{name}: exit code {exit_code}{reason}")


@contextmanager
def running_services(surroundings: Surroundings, timeline_url: str) -> Iterator[Running]:
    """Start all services, wait until the timeline is ready, and stop them when the block ends."""
    running = Running(processes={}, surroundings=surroundings)
    try:
        for name in SERVICES:
            log = surroundings.log_of(name)
            log.unlink(missing_ok=True)
            running.processes[name] = _start(surroundings, ["-m", name], log)
        _wait_until_ready(running, timeline_url)
        yield running
    finally:
        _stop_all(running)


def _start(surroundings: Surroundings, arguments: Sequence[str], log: Path | None) -> Process:
    # The demo's folder as working folder: a `.env` that lies beside the code is not the demo's.
    return processes.start([sys.executable, *arguments], log=log, cwd=surroundings.home, env=surroundings.environment)


def _wait_until_ready(running: Running, timeline_url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline:
        for name in running.newly_fallen():
            raise ServiceFailed(running.last_words(name))
        try:
            response = httpx.get(f"{timeline_url}/readyz", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if response.status_code == httpx.codes.OK:
            return
        answer = response.text[:300]
        time.sleep(0.1)
    log = processes.tail(running.surroundings.log_of("timeline"))
    raise ServiceFailed(f"timeline: not ready in {READY_SECONDS:.0f} s ({answer}); the end of its log:\n{log}")


def _stop_all(running: Running) -> None:
    """Ask all at once, then wait for each."""
    for process in running.processes.values():
        if process.poll() is None:
            process.terminate()
    for process in running.processes.values():
        processes.stop(process)
