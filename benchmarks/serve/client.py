"""A client that is cheaper than the server: plain keep-alive sockets, one request at a time on each."""

import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

HOST = "127.0.0.1"
RECEIVE = 65_536  # bytes at once
STALLED_SECONDS = 10.0  # without any answer


class Stalled(RuntimeError):
    """The server stopped answering."""


class RequestSource(Protocol):
    """Gives the requests, and takes the answers."""

    def request(self) -> tuple[int, bytes] | None:
        """The next request and its number; None if there is none."""
        ...

    def answer(self, number: int, head: bytes, body: bytes) -> None:
        """Take an answer."""
        ...


@dataclass(slots=True)
class Timing:
    """Seconds of each request, and of the whole."""

    seconds: list[float] = field(default_factory=list)
    whole: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.seconds) / self.whole if self.whole else 0.0

    def quantile(self, share: float) -> float:
        """Seconds that this share of the requests stayed below."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(slots=True, eq=False)
class _Line:
    """One connection."""

    socket: socket.socket
    number: int = -1
    since: float = 0.0
    received: bytes = b""
    wanted: int = 0  # bytes of the whole answer, once its head is here

    def fileno(self) -> int:
        return self.socket.fileno()


def ask(port: int, asking: RequestSource, *, connections: int) -> Timing:
    """Send all requests; each connection sends the next one as soon as it has its answer."""
    return _run(port, asking, connections, due=None)


def ask_at(port: int, asking: RequestSource, *, connections: int, rate: float, count: int, seed: int) -> Timing:
    """Send requests at random times with a given mean rate; waiting for a free connection counts."""
    rng, at = random.Random(seed), 0.0  # noqa: S311 - repeatable
    due = deque[float]()
    for _ in range(count):
        at += rng.expovariate(rate)
        due.append(at)
    return _run(port, asking, connections, due=due)


def _run(port: int, asking: RequestSource, connections: int, *, due: deque[float] | None) -> Timing:
    lines = [_Line(socket.create_connection((HOST, port))) for _ in range(connections)]
    try:
        for line in lines:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.socket.setblocking(False)  # noqa: FBT003
        return _talk(lines, asking, due)
    finally:
        for line in lines:
            line.socket.close()


def _talk(lines: Iterable[_Line], asking: RequestSource, due: deque[float] | None) -> Timing:
    timing, free, busy = Timing(), deque(lines), set[_Line]()
    begun = time.perf_counter()
    is_over = False
    while True:
        now = time.perf_counter()
        while free and not is_over and (due is None or (due and begun + due[0] <= now)):
            wanted = asking.request()
            if wanted is None:
                is_over = True
                break
            line = free.popleft()
            line.since = now if due is None else begun + due.popleft()
            line.number, packed = wanted
            _send(line, packed)
            busy.add(line)
        is_over = is_over or (due is not None and not due)
        if is_over and not busy:
            timing.whole = time.perf_counter() - begun
            return timing
        pause = max(0.0, begun + due[0] - time.perf_counter()) if due and free else STALLED_SECONDS
        ready, _, _ = select.select(busy, (), (), pause)
        if not ready and pause == STALLED_SECONDS:
            raise Stalled(f"no answer within {STALLED_SECONDS:.0f} s")
        for line in ready:
            if _read(line, asking.answer):
                timing.seconds.append(time.perf_counter() - line.since)
                busy.discard(line)
                free.append(line)


def _send(line: _Line, packed: bytes) -> None:
    """Send all of it: a large request fits into no buffer, and the server takes it while we wait."""
    sent = line.socket.send(packed)
    while sent < len(packed):
        select.select((), (line,), (), STALLED_SECONDS)
        sent += line.socket.send(packed[sent:])


def _read(line: _Line, on_answer: Callable[[int, bytes, bytes], None]) -> bool:
    """Read the received bytes; true if the answer is complete."""
    some = line.socket.recv(RECEIVE)
    if not some:
        raise Stalled("the server hung up")
    line.received += some
    if not line.wanted:
        end = line.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        at = line.received.find(b"content-length: ", 0, end) + len(b"content-length: ")
        line.wanted = end + 4 + int(line.received[at : line.received.index(b"\r\n", at)])
    if len(line.received) < line.wanted:
        return False
    end = line.received.index(b"\r\n\r\n")
    on_answer(line.number, line.received[:end], line.received[end + 4 :])
    line.received, line.wanted = b"", 0
    return True
