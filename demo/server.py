"""One embedded server: its process, its port, and the ways to stop it that fault tests need."""

import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path

from demo import processes
from demo.errors import DataFolderUnusable, DemoError, ServerFailed
from demo.processes import Identity, Process

START_SECONDS = 30.0  # a recovery after a crash may take some; a usual start takes a tenth of one
PREDECESSOR_SECONDS = 20.0  # the server of a launcher that was killed is still shutting down
PORT_TRIES = 3  # between finding a free port and taking it, another process may be quicker


class EmbeddedServer(ABC):
    """A server on loopback TCP whose process ends with ours.

    Once the server has answered, `port` stays the same, so that `restart` uses the same address.
    """

    name: str
    last_signal: signal.Signals = signal.SIGINT

    def __init__(self, home: Path, *, port: int | None, durable: bool) -> None:
        self.home = home
        self.durable = durable
        self.log = home / f"{self.name}.log"
        self.process: Process | None = None
        self._asked_port = port
        self.port = port or 0

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL with its password: a secret."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Program and arguments, without secrets, since `ps` shows them to everybody."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client gets an answer."""

    @abstractmethod
    def prepare(self) -> None:
        """Prepare the data folder while no server of ours uses it."""

    def configuration(self) -> bytes:
        """What the server reads from its standard input."""
        return b""

    def identity(self) -> Identity:
        """The user of the server's process."""
        return Identity.SAME

    def open(self) -> None:
        """Prepare and start for the first time, on the requested port or a free one."""
        if self._asked_port is not None:
            processes.require_free(self._asked_port, self.name)
        self._outlive_predecessor()
        self.log.unlink(missing_ok=True)
        self.prepare()
        for left in reversed(range(PORT_TRIES)):
            self.port = self._asked_port or processes.free_port()
            try:
                self.start()
                return
            except ServerFailed:
                if left == 0 or self._asked_port is not None or "in use" not in processes.tail(self.log):
                    raise

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            ServerFailed: it ended, or did not answer in time.
        """
        self.process = processes.start(
            self.command(),
            identity=self.identity(),
            last_signal=self.last_signal,
            log=self.log,
            cwd=self.home,
            stdin=self.configuration(),
        )
        self._record()
        try:
            self._wait_until_it_answers(self.process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down cleanly: no data is lost."""
        if self.process is not None:
            processes.stop(self.process, self.last_signal)
            self._pid_file.unlink(missing_ok=True)
            self.process = None

    def kill(self) -> None:
        """Kill it, like a power failure."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Suspend it: connections stay open, but nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after `pause`."""
        self._running().send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it if it runs, and start it at the same address."""
        self.stop()
        self.start()

    def _running(self) -> Process:
        if self.process is None:
            raise DemoError(f"{self.name}: does not run; start it first")
        return self.process

    @property
    def _pid_file(self) -> Path:
        return self.home / f"{self.name}.process"

    def _record(self) -> None:
        pid = self._running().pid
        self._pid_file.write_text(f"{pid} {processes.fingerprint(pid)}")

    def _outlive_predecessor(self) -> None:
        """Wait until the server of an earlier, killed launcher has ended."""
        try:
            pid, start_time = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return
        if not processes.wait_for_end(int(pid), start_time, PREDECESSOR_SECONDS):
            raise DataFolderUnusable(
                f"{self.home}: {self.name} of an earlier start (process {pid}) still runs; stop it"
            )
        self._pid_file.unlink(missing_ok=True)

    def _wait_until_it_answers(self, process: Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if process.poll() is not None:
                last = processes.tail(self.log, lines=3).replace("\n", " | ")
                raise ServerFailed(f"{self.name}: ended with exit code {process.returncode}: {last}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name}: no answer on port {self.port} in {START_SECONDS:.0f} s; see {self.log}"
                )
            time.sleep(0.02)
