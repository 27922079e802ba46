"""Starts and stops processes that end with this one; finds ports, and reads the ends of logs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from demo.child import has_name
from demo.errors import PortTaken

Process = subprocess.Popen[bytes]

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 20.0  # a fast shutdown with a checkpoint; then it is killed
_CHILD = Path(__file__).with_name("child.py")
_TAIL_BYTES = 16_384


class Identity(StrEnum):
    """The user of a child process: our own, our own under another uid, or `nobody`."""

    SAME = "same"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


@cache
def server_identity() -> Identity:
    """The identity for a server that refuses root and users without a name.

    A user namespace gives such a user another uid; if namespaces are forbidden, root can become `nobody`.
    """
    if os.geteuid() != 0 and has_name(os.geteuid()):
        return Identity.SAME
    trial = start([sys.executable, "-I", "-S", "-c", ""], identity=Identity.NAMESPACE)
    if trial.wait(STOP_SECONDS) == 0:
        return Identity.NAMESPACE
    return Identity.NOBODY if os.geteuid() == 0 else Identity.SAME


def start(
    command: Sequence[str | Path],
    *,
    identity: Identity = Identity.SAME,
    last_signal: signal.Signals = signal.SIGTERM,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Process:
    """Start a program that gets `last_signal` when this process dies, for whatever reason.

    Call it from the main thread: for the kernel the *thread* that forked is the parent. Each child has its own session,
    so that Ctrl-C only reaches the launcher, which then stops the others in order.
    """
    if os.path.dirname(os.fspath(command[0])) == "":
        raise ValueError(f"{command[0]}: a program is named by its path")
    wrapped = [sys.executable, "-I", "-S", _CHILD, str(os.getpid()), str(int(last_signal)), identity, *command]
    output = None if log is None else open(log, "ab")  # noqa: SIM115 - closed below, for the child's copy lives on
    try:
        process = subprocess.Popen(
            wrapped,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=None if env is None else dict(env),
            start_new_session=True,
        )
    finally:
        if output is not None:
            output.close()
    if process.stdin is not None:
        with process.stdin as pipe:
            pipe.write(stdin)
    return process


def stop(process: Process, last_signal: signal.Signals = signal.SIGTERM, *, seconds: float = STOP_SECONDS) -> int:
    """Send a process its preferred signal, and kill it after `seconds`."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)  # a paused process would not hear the other one
        process.send_signal(last_signal)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, asked_by: str) -> int:
    """Return the port.

    Raises:
        PortTaken: it is in use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(
                f"{asked_by}: port {port}: {error.strerror}; give another, or none for a free one"
            ) from None
    return port


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, or a note that there are none."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = file.read().decode(errors="replace").strip()
    return "\n".join(text.splitlines()[-lines:]) or "(empty log)"


def fingerprint(pid: int) -> str | None:
    """The start time, which tells a process from a later one with the same id; None if there is no process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]  # a zombie is over, only nobody has asked


def wait_for_end(pid: int, start_time: str, seconds: float) -> bool:
    """Whether this process has ended within `seconds`."""
    deadline = time.monotonic() + seconds
    while fingerprint(pid) == start_time:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
