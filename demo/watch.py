"""Watches the running demo: handles signals, and reports processes that end."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.text import Text

from demo import child
from demo.embedded import Servers
from demo.services import Running

WATCH_SECONDS = 0.5


class StepSkipped(Exception):
    """Ctrl-C skipped a step instead of ending the demo."""


def watch(console: Console, running: Running, servers: Servers) -> bool:
    """Wait for Ctrl-C, and report processes that end. Returns False if none is left."""
    names = sorted(running.processes)
    console.print(f"\n{', '.join(names[:-1])} and {names[-1]} run until Ctrl-C.", soft_wrap=True)
    lost_servers: set[str] = set()
    while len(running.exited) < len(running.processes):
        for name in running.newly_exited():
            console.print(Text(running.exit_message(name), style="red"), soft_wrap=True)
        for server in servers:
            if server.name not in lost_servers and server.process is not None and server.process.poll() is not None:
                lost_servers.add(server.name)
                console.print(Text(f"{server.name}: ended; see {server.log}", style="red"), soft_wrap=True)
        time.sleep(WATCH_SECONDS)
    return False


@contextmanager
def ctrl_c_skips() -> Iterator[None]:
    """Inside the block the first Ctrl-C raises StepSkipped; the next one ends the demo."""
    outside = signal.getsignal(signal.SIGINT)

    def skip(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, outside)
        raise StepSkipped

    signal.signal(signal.SIGINT, skip)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is skip:  # else the end has begun, and signals are ignored
            signal.signal(signal.SIGINT, outside)


def end_on_signals(*, with_parent: bool) -> None:
    """A closed terminal, `kill`, and the end of `make` stop the demo like Ctrl-C."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` asks to outlive the terminal
        numbers.append(signal.SIGHUP)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # the end has begun; a second Ctrl-C would leave it half done
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, interrupt)
    if with_parent:
        child.end_with(os.getppid(), signal.SIGTERM)
