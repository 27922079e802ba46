"""Runs a timeline process, and requests everybody's first page over HTTP."""

import http.client
import json
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local

from benchmarks.errors import BenchmarkRefused
from demo.processes import LOOPBACK, free_port, start, stop
from shared.domain import Phase

FIRST = 50  # posts of a first page
THREADS = 4
READY_SECONDS = 60
NEW = "new"  # what ids of new posts begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPages:
    """The new posts on everybody's first pages in one phase."""

    phase: Phase
    lists: Counter[str]  # new post → first fifties that it stands in
    sources: Counter[str]
    degraded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The port of a timeline, and the operator's token."""

    port: int
    token: str

    def switch(self, phase: Phase) -> None:
        """Switch the phase for everybody."""
        body = json.dumps({"phase": phase.value})
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(self._connect()) as connection:
            self._ask(connection, "PUT", "/admin/phase", body, headers)

    def first_pages(
        self, users: Sequence[str], phase: Phase, report_progress: Callable[[str, int, int], None]
    ) -> FirstPages:
        """Request everybody's first page, and count the new posts on them."""
        lists, sources, degraded, own = Counter[str](), Counter[str](), 0, local()

        def page_of(user: str) -> dict[str, object]:
            if not hasattr(own, "connection"):
                own.connection = opened.enter_context(closing(self._connect()))
            return self._ask(own.connection, "GET", f"/timeline/{user}?limit={FIRST}")

        with ExitStack() as opened, ThreadPoolExecutor(THREADS) as pool:
            for done, page in enumerate(pool.map(page_of, users), 1):
                posts = page["posts"]
                assert isinstance(posts, list)
                lists.update({post["id"] for post in posts if post["id"].startswith(NEW)})
                sources[str(page["source"])] += 1
                degraded += "degraded" in page
                report_progress(f"pages, {phase}", done, len(users))
        return FirstPages(phase=phase, lists=lists, sources=sources, degraded=degraded)

    def until_ready(self) -> None:
        """Wait until it has read both stores.

        Raises:
            BenchmarkRefused: it does not become ready.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < READY_SECONDS:
            try:
                with closing(self._connect()) as connection:
                    self._ask(connection, "GET", "/readyz")
            except (OSError, BenchmarkRefused):
                time.sleep(0.1)
            else:
                return
        raise BenchmarkRefused(f"the timeline was not ready within {READY_SECONDS} s")

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)

    @staticmethod
    def _ask(
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> dict[str, object]:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise BenchmarkRefused(f"{method} {path}: got status {answer.status}, expected 200")
        page: dict[str, object] = json.loads(said)
        return page


@contextmanager
def timeline(database_url: str, redis_url: str, folder: Path) -> Iterator[Timeline]:
    """A timeline with default settings, but long budgets, since the machine may be busy."""
    served = Timeline(port=free_port(), token=secrets.token_hex(16))
    environment = os.environ | {
        "WARMLINE_ENV": "dev", "WARMLINE_ADMIN_TOKEN": served.token, "WARMLINE_API_KEY": secrets.token_hex(16),
        "WARMLINE_JWT_KEY": secrets.token_hex(16), "WARMLINE_DATABASE_URL": database_url,
        "WARMLINE_REDIS_URL": redis_url, "WARMLINE_PORT": str(served.port), "WARMLINE_REDIS_BUDGET_MS": "2000",
        "WARMLINE_SNAPSHOT_FILE": str(folder / "timeline.bin"), "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    process = start([sys.executable, "-m", "timeline"], env=environment, cwd=folder, log=folder / "timeline.log")
    try:
        served.until_ready()
        yield served
    finally:
        stop(process)
