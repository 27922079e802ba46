"""`WARMLINE_WORKERS`: several processes behind one port that act as one timeline."""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.flow.deployment import Deployment, eventually
from tests.integration.timeline.test_process import ANSWERS, START_SECONDS, first_answer, get, timeline_process

TRIES = 40  # all of them reach one of two processes: once in 2**39
BUSY = 40
# Put into another Python: less patience.
SOON_HUNG = "import timeline.workers\ntimeline.workers.HUNG_LOOKS, timeline.workers.START_LOOKS = 15, 30\n"
ANSWERED = re.compile(r'warmline_timeline_requests_total\{source="heuristic",status="200"\} (\d+)')


def children(process: "subprocess.Popen[str]") -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def both_serve(deployment: Deployment, port: int) -> None:
    """Wait until each process has a heartbeat."""
    first_answer(port)
    eventually(
        lambda: deployment.sql("SELECT count(*) FROM warmline.heartbeats WHERE service = 'timeline'")[0][0] >= 2, "2"
    )


def counted(port: int) -> int:
    found = ANSWERED.search(get(port, "/metrics")[1])
    return int(found[1]) if found else 0


def test_they_are_one_timeline(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (process, port):
        both_serve(ranked_deployment, port)
        assert len(children(process)) == 2
        before = counted(port)
        status, body = get(port, "/timeline/ann?limit=2")
        for _ in range(TRIES):  # each time a new connection, and a cursor of any process
            cursor = json.loads(body)["next_cursor"]
            assert status == 200
            status, body = get(port, f"/timeline/ann?limit=2&cursor={cursor}" if cursor else "/timeline/ann?limit=2")
        assert {counted(port) for _ in range(TRIES)} == {before + TRIES + 1}


def test_one_that_dies_is_replaced_and_what_was_counted_stays(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (process, port):
        both_serve(ranked_deployment, port)
        before, victim = counted(port), children(process)[0]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(children(process)) == 2 and victim not in children(process), "replaced")
        for _ in range(TRIES):
            assert get(port, "/timeline/ann")[0] == 200
        assert counted(port) == before + TRIES


@pytest.mark.parametrize("begins", [True, False], ids=["while it serves", "while it starts"])
def test_one_that_hangs_is_replaced(
    ranked_deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bool
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SOON_HUNG)
    monkeypatch.syspath_prepend(str(folder))
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (process, port):
        if begins:
            both_serve(ranked_deployment, port)
        eventually(lambda: len(children(process)) == 2, "both started")
        victim = children(process)[0]
        os.kill(victim, signal.SIGSTOP)
        eventually(lambda: len(children(process)) == 2 and victim not in children(process), "replaced", seconds=30)
        first_answer(port)
        for _ in range(TRIES):
            assert get(port, "/healthz")[0] == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_loses_no_request_of_busy_clients(ranked_deployment: Deployment, tmp_path: Path, workers: str) -> None:
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS=workers) as (process, port):
        first_answer(port)
        asyncio.run(_ask_until_told_to_go(process, port))
        assert process.wait(START_SECONDS) == 0


async def _ask_until_told_to_go(process: "subprocess.Popen[str]", port: int) -> None:
    """Many clients that ask again after each answer, and end when an answer says so."""
    answered = 0
    lines = [f"{name}: {value}" for name, value in ANSWERS.items()]
    request = "\r\n".join(["GET /timeline/ann?limit=3 HTTP/1.1", "Host: a", *lines, "", ""]).encode()

    async def ask_on() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        is_told_to_go = False
        while not is_told_to_go:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            answered += 1
            is_told_to_go = b"connection: close" in head
        writer.close()

    async def stop_them() -> None:
        while answered < 10 * BUSY:  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)

    await asyncio.gather(stop_them(), *(ask_on() for _ in range(BUSY)))


def test_they_end_with_their_parent(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (process, port):
        both_serve(ranked_deployment, port)
        process.kill()

        def is_refused() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                return True
            return False

        eventually(is_refused, "nobody listens")


def test_a_port_in_use_is_refused_to_several_too(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (_, port):
        first_answer(port)
        with timeline_process(ranked_deployment, tmp_path, port=port, WARMLINE_WORKERS="2") as (second, _):
            _, errors = second.communicate(timeout=START_SECONDS)
    assert (second.returncode, "WARMLINE_PORT" in errors) == (2, True)


def test_one_of_them_keeps_the_file_and_an_erasure_through_any_is_off_it(
    ranked_deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot" / "timeline.bin"

    def held() -> bytes:
        return file.read_bytes() if file.exists() else b""

    with timeline_process(ranked_deployment, tmp_path, WARMLINE_WORKERS="2") as (process, port):
        both_serve(ranked_deployment, port)
        eventually(file.exists, "saved")
        assert b"p00" in file.read_bytes()
        for number in range(10):  # through both of them by chance
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("DELETE", f"/users/author{number}", headers=ANSWERS)
            assert connection.getresponse().status in (202, 204)
            connection.close()
            posts = [f"p{post:02}".encode() for post in range(90) if post % 10 == number]
            assert len([post for post in posts if post in held()]) < 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_SECONDS) == 0
    named = set(re.findall(rb"p[0-8]\d", held()))  # each user had nine; one may be three bytes of a number by chance
    assert len(named) < 3, named
