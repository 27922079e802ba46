"""The containers' health check, as far as it needs no PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shared.jobs.healthcheck import main, timeline_answers


@contextmanager
def _answering(status: int) -> Iterator[int]:
    """A server that gives one status; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (404, False)])
def test_the_timeline_is_alive_when_healthz_answers_200(status: int, alive: bool) -> None:
    with _answering(status) as port:
        assert timeline_answers(port) is alive


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with _answering(200) as port:
        assert timeline_answers(port)


def test_nobody_at_the_port_is_not_alive() -> None:
    with _answering(200) as port:
        pass
    assert not timeline_answers(port)


def test_the_port_is_the_timelines_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with _answering(200) as port:
        monkeypatch.setenv("WARMLINE_PORT", str(port))
        assert main(["timeline"]) == 0


def test_a_job_is_not_alive_while_postgresql_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_DATABASE_URL", "postgresql://warmline:hidden@127.0.0.1:1/warmline")
    monkeypatch.setenv("WARMLINE_REDIS_URL", "redis://127.0.0.1:1")
    assert main(["s01_heuristic"]) == 1


def test_what_it_says_of_postgresql_hides_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARMLINE_DATABASE_URL", "postgresql://warmline:hidden@127.0.0.1:1/warmline")
    monkeypatch.setenv("WARMLINE_REDIS_URL", "redis://127.0.0.1:1")
    main(["s01_heuristic"])
    assert "hidden" not in capsys.readouterr().err


def test_a_call_without_a_service_is_refused() -> None:
    assert main([]) == 2


def test_asking_the_timeline_imports_nothing_heavy() -> None:
    code = "import sys, shared.jobs.healthcheck; print(*sorted({'sqlalchemy', 'pydantic', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
