"""`python -m timeline` with its defaults, against clients that only hold resources: others are served meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.flow.deployment import API_KEY, Deployment
from tests.integration.timeline.test_process import first_answer, get, timeline_process

HALF_A_HEAD = b"GET /timeline/ann HTTP/1.1\r\nHost: a\r\nX: "
UNFINISHED = (
    b"POST /interactions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000000\r\n\r\n["
)
MIB = 2**20


@contextmanager
def connections(port: int, count: int, data: bytes) -> Iterator[list[socket.socket]]:
    """As many connections as the server accepts, each with some bytes sent."""
    found = list[socket.socket]()
    try:
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            found.append(client)
            try:
                client.sendall(data)
            except OSError:  # it was closed to make room
                continue
        yield found
    finally:
        for client in found:
            client.close()


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def page_seconds(port: int) -> float:
    begun = time.monotonic()
    status, body = get(port, "/timeline/cold")
    assert (status, "degraded" in body) == (200, False)
    return time.monotonic() - begun


@pytest.mark.parametrize(("count", "data"), [(220, HALF_A_HEAD), (1_000, b"")])
def test_others_are_served_while_connections_ask_for_nothing(
    ranked_deployment: Deployment, tmp_path: Path, count: int, data: bytes
) -> None:
    with timeline_process(ranked_deployment, tmp_path, files=200 if data else 256) as (process, port):
        first_answer(port)
        with connections(port, count, data):
            for path in ("/healthz", "/timeline/ann", "/admin/phase", "/readyz"):
                assert get(port, path)[0] in (200, 401)
            assert page_seconds(port) < 1  # with both stores: some descriptors are reserved for them
            assert len(list(Path(f"/proc/{process.pid}/fd").iterdir())) < 256


def test_an_endless_head_takes_no_memory(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (process, port):
        first_answer(port)
        before = resident(process.pid)
        with connections(port, 1, HALF_A_HEAD) as (client,):
            with suppress(OSError):  # it is closed meanwhile
                for _ in range(40):
                    client.sendall(b"y" * MIB)
            assert resident(process.pid) - before < 8 * MIB
            assert client.recv(12) == b"HTTP/1.1 431"
        assert get(port, "/healthz")[0] == 200


@pytest.mark.parametrize("token", [API_KEY, "wrong"])
def test_unfinished_bodies_have_one_bound_for_all(ranked_deployment: Deployment, tmp_path: Path, token: str) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (process, port):
        first_answer(port)
        before = resident(process.pid)
        with connections(port, 400, UNFINISHED % token.encode() + b" " * 900_000):
            assert page_seconds(port) < 2
            assert resident(process.pid) - before < 64 * MIB
        assert get(port, "/healthz")[0] == 200


def test_large_bodies_of_strangers_keep_no_page_waiting(ranked_deployment: Deployment, tmp_path: Path) -> None:
    whole = b"POST /%b HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"[" + b"{}," * 333_332 + b"1]"
    with timeline_process(ranked_deployment, tmp_path) as (_, port):
        first_answer(port)
        for path in (b"interactions", b"nowhere"):
            for _ in range(8):
                with connections(port, 1, whole % path) as (client,):
                    assert client.recv(12) in (b"HTTP/1.1 401", b"HTTP/1.1 404")
        assert page_seconds(port) < 1
