"""`python -m timeline` as a process: what it imports, how it starts, answers and ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo.processes import free_port
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, JWT_KEY, POSTS, Deployment

START_SECONDS = 20.0  # usually two seconds; the machine may be busy
ANSWERS = {"Authorization": f"Bearer {API_KEY}"}


@contextmanager
def timeline_process(
    deployment: Deployment, folder: Path, *, port: int | None = None, files: int = 1024, **more: str
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The service in production mode; returns the process and its port."""
    port = port or free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
    settings = {
        "WARMLINE_DATABASE_URL": deployment.database_url, "WARMLINE_REDIS_URL": deployment.redis_url,
        "WARMLINE_ADMIN_TOKEN": ADMIN_TOKEN, "WARMLINE_API_KEY": API_KEY, "WARMLINE_JWT_KEY": JWT_KEY,
        "WARMLINE_PORT": str(port), "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    process = subprocess.Popen(
        ["/bin/sh", "-c", f'ulimit -n {files}; exec "$0" -m timeline', sys.executable],
        env=clean | settings | more, cwd=folder, stderr=subprocess.PIPE, text=True, process_group=0,
    )  # fmt: skip
    try:
        yield process, port
    finally:
        with suppress(ProcessLookupError):  # that has ended
            os.killpg(process.pid, signal.SIGKILL)  # with those of its own: one that is stopped would hold the pipe
        process.communicate()


def get(port: int, path: str) -> tuple[int, str]:
    """A GET whose path is sent unchanged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=ANSWERS)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def first_answer(port: int, path: str = "/timeline/cold") -> tuple[int, str]:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return get(port, path)
        except OSError:
            assert time.monotonic() < deadline, "the timeline does not answer"
            time.sleep(0.02)


def test_it_imports_nothing_heavy() -> None:
    heavy = ("numpy", "torch", "pyarrow", "pandas", "apscheduler", "alembic")
    script = f"import sys, timeline.app; print([name for name in {heavy} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    shown = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_first_answer_is_a_page_with_posts(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (_, port):
        status, body = first_answer(port)
        assert (status, '"source":"heuristic"' in body) == (200, True)


def test_before_any_run_the_first_answer_has_posts_too(deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(deployment, tmp_path) as (_, port):
        status, body = first_answer(port)
        assert (status, f'"id":"{POSTS[0]}"' in body) == (200, True)


def test_the_short_way_and_the_routes_give_the_same_page(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (_, port):
        cursor = json.loads(first_answer(port, "/timeline/ann?limit=5")[1])["next_cursor"]
        paths = (f"/timeline/{name}?limit=5&cursor={cursor}" for name in ("ann", "%61nn", "ann"))
        short, long, again = (get(port, path) for path in paths)
        assert short == long == again
        assert short[0] == 200
        for name in ("nobody?cursor=forged", "nob%6Fdy?cursor=forged"):
            status, body = get(port, f"/timeline/{name}")
            assert (status, json.loads(body)["type"]) == (400, "urn:warmline:problem:invalid-cursor")


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_by_itself_when_asked_to(ranked_deployment: Deployment, tmp_path: Path, name: signal.Signals) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (process, port):
        first_answer(port)
        process.send_signal(name)
        _, said = process.communicate(timeout=10)
        assert "Traceback" not in said


def test_it_logs_the_address_that_it_listens_on(ranked_deployment: Deployment, tmp_path: Path) -> None:
    with timeline_process(ranked_deployment, tmp_path) as (process, port):
        assert process.stderr is not None
        address = next(line for line in process.stderr if "timeline.listening" in line)
    assert address.rstrip().endswith(f"timeline.listening address=http://127.0.0.1:{port}")


def test_a_port_in_use_is_one_line_that_names_the_setting(deployment: Deployment, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with timeline_process(deployment, tmp_path, port=port) as (process, _):
            _, errors = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 2
    assert errors.splitlines() == [
        f"WARMLINE_PORT: 127.0.0.1:{port} is in use by another process; end that one, or set another port"
    ]
