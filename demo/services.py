"""Starts the services as child processes, waits until they are healthy, watches and stops them."""

import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from demo import processes
from demo.errors import ServiceFailed
from demo.processes import Process
from shared.content.encoders.registry import OFFLINE_ENGLISH

READY_SECONDS = 60.0  # the timeline is ready in a second or two; a loaded machine takes longer
ALIVE_SECONDS = 60.0  # PyTorch is imported in two to five seconds; a loaded machine takes longer
STEP_SECONDS = 900.0  # the import, on a slow disk
DEFAULTS = {
    "WARMLINE_TEXT_ENCODER": OFFLINE_ENGLISH,  # as the world's captions are; the product's default reads any language
    "WARMLINE_KEEP_DAYS": "{}",  # the world's views are of seven months, and all of them are there to be learned from
    "HF_HUB_OFFLINE": "1",  # both encoders' weights lie in packages; HF_HUB_OFFLINE=0 lets others be downloaded
}
_ROOT = Path(__file__).resolve().parent.parent

PHASE1_SERVICES = ("s01_heuristic", "timeline")
PHASE2_SERVICES = ("s02_train_neucf", "s02_recsys_neucf")
EXAMPLE_APP = "demo.feed"
SILENT_SERVICES = ("timeline", EXAMPLE_APP)  # they write no heartbeat: that they answer is their sign of life
STOP_SECONDS = 5.0  # a training ends at the second signal; in the middle of a long step it is killed, and loses nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnvironment:
    """The environment variables of all processes of the demo, and the folder of their logs."""

    environment: Mapping[str, str]
    home: Path

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def log_of(self, name: str) -> Path:
        """The log file of a service or step."""
        return self.logs / f"{name}.log"


@dataclass(slots=True, kw_only=True)
class Running:
    """The running services. `exited` names those whose end was reported."""

    processes: dict[str, Process]
    process_environment: ProcessEnvironment
    exited: set[str] = field(default_factory=set)

    def start(self, names: Sequence[str], arguments: Sequence[str] = ()) -> None:
        """Start services, which end with this process."""
        for name in names:
            log = self.process_environment.log_of(name)
            log.unlink(missing_ok=True)
            self.processes[name] = _start(self.process_environment, ["-m", name, *arguments], log)

    def without_heartbeat(self, live_workers: Mapping[str, Collection[str]]) -> list[str]:
        """The services whose own process is not among the live workers (`machine:process`, by service)."""
        return [
            name
            for name, process in self.processes.items()
            if name not in SILENT_SERVICES
            and not any(worker.endswith(f":{process.pid}") for worker in live_workers.get(name, ()))
        ]

    def refuse_exited(self) -> None:
        """Raises ServiceFailed with the end of its log if a service has ended."""
        for name in self.newly_exited():
            raise ServiceFailed(self.exit_message(name))

    def newly_exited(self) -> list[str]:
        """The services that ended since the last call."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        new = [name for name in ended if name not in self.exited]
        self.exited.update(new)
        return new

    def exit_message(self, name: str) -> str:
        """Exit code and the end of the log of a service that ended."""
        return f"{name}: ended with exit code {self.processes[name].poll()}; the end of its log:\n" + processes.tail(
            self.process_environment.log_of(name)
        )


def variables(base: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The environment of the services: defaults, the user's variables, the demo's own ones, and the path of the code.

    Variables of the user's views are left out: the demo's world is in Warmline's own tables.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(("WARMLINE_SOURCE_", "WARMLINE_DEMO_"))}
    return {**DEFAULTS, **kept, **own, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}


def run_step(
    process_environment: ProcessEnvironment,
    name: str,
    arguments: Sequence[str],
    *,
    show: bool = False,
    seconds: float = STEP_SECONDS,
) -> None:
    """Run one command to its end; with `show` it uses our terminal, else its output goes to a log.

    Raises:
        ServiceFailed: the exit code is not 0, or it took too long.
    """
    log = None if show else process_environment.log_of(name)
    if log is not None:
        log.unlink(missing_ok=True)
    process = _start(process_environment, arguments, log)
    try:
        exit_code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise ServiceFailed(f"{name}: not done in {seconds:.0f} s") from None
    finally:
        processes.stop(process)
    if exit_code != 0:
        reason = "" if log is None else f"; the end of its log:\n{processes.tail(log)}"
        raise ServiceFailed(f"{name}: exit code {exit_code}{reason}")


@contextmanager
def running_services(process_environment: ProcessEnvironment, timeline_url: str) -> Iterator[Running]:
    """Start phase 1, wait until the timeline is ready, and stop all running services when the block ends."""
    running = Running(processes={}, process_environment=process_environment)
    try:
        running.start(PHASE1_SERVICES)
        _wait_until_ready(running, timeline_url)
        yield running
    finally:
        _stop_all(running)


def _start(process_environment: ProcessEnvironment, arguments: Sequence[str], log: Path | None) -> Process:
    # The demo's folder as working folder: a `.env` that lies beside the code is not the demo's. Killed with us at
    # once when we are killed: a training would go on for minutes before it hears anything else.
    return processes.start(
        [sys.executable, *arguments],
        last_signal=signal.SIGKILL,
        log=log,
        cwd=process_environment.home,
        env=process_environment.environment,
    )


def wait_for_example_app(running: Running, url: str) -> None:
    """Wait until the example app and its way to the timeline answer.

    Raises:
        ServiceFailed: it ended, or does not answer.
    """
    _wait_until_ok(running, EXAMPLE_APP, f"{url}/demo/config")


def _wait_until_ready(running: Running, timeline_url: str) -> None:
    _wait_until_ok(running, "timeline", f"{timeline_url}/readyz")


def _wait_until_ok(running: Running, name: str, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline:
        running.refuse_exited()
        try:
            response = httpx.get(url, timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if response.status_code == httpx.codes.OK:
            return
        answer = response.text[:300]
        time.sleep(0.1)
    log = processes.tail(running.process_environment.log_of(name))
    raise ServiceFailed(f"{name}: not ready in {READY_SECONDS:.0f} s ({answer}); the end of its log:\n{log}")


def _stop_all(running: Running) -> None:
    """Send all of them their signal, then wait for each."""
    for process in running.processes.values():
        if process.poll() is None:
            process.terminate()
    for process in running.processes.values():
        processes.stop(process, seconds=STOP_SECONDS)
