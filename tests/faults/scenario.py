"""A timeline in a process of its own, on servers that a test may kill, suspend and starve."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.embedded import Servers
from demo.processes import free_port
from shared.domain import Phase
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, JWT_KEY, POSTS, Deployment, author_of
from tests.traffic import Findings, Truth, until

ROOT = Path(__file__).parents[2]
FANS = tuple(f"fan{number}" for number in range(12))
GUESTS = tuple(f"guest{number}" for number in range(9))
READERS = ("ann", "cold", "stranger", *FANS, *GUESTS)
HUNG_SECONDS = 6.0
P99_SECONDS, MAX_SECONDS, RECOVERY_SECONDS = 0.3, 1.0, 5.0


@dataclass(slots=True, kw_only=True)
class Scenario:
    """The servers with the small world, and a timeline process."""

    servers: Servers
    deployment: Deployment
    folder: Path
    code: Path = ROOT  # the checkout whose timeline it is
    port: int = 0

    def truth(self) -> Truth:
        """What may be shown at the start."""
        met: dict[str, set[str]] = {}
        for user, post in self.deployment.sql("SELECT user_id, post_id FROM warmline.interactions"):
            met.setdefault(user, set()).add(post)
        return Truth(author_of={post: author_of(post) for post in POSTS}, met=met, is_small=True)

    @contextmanager
    def timeline(self, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
        """Run the timeline as a process with its default budgets."""
        self.port = free_port()
        environment = os.environ | {
            "WARMLINE_ENV": "dev", "WARMLINE_ADMIN_TOKEN": ADMIN_TOKEN, "WARMLINE_API_KEY": API_KEY,
            "WARMLINE_JWT_KEY": JWT_KEY, "WARMLINE_DATABASE_URL": self.deployment.database_url,
            "WARMLINE_REDIS_URL": self.deployment.redis_url, "WARMLINE_PORT": str(self.port),
            "WARMLINE_LIST_LENGTH": "30", "WARMLINE_EVERYONE_LENGTH": "100", "WARMLINE_SEEN_LENGTH": "100",
            "WARMLINE_SNAPSHOT_FILE": str(self.folder / "timeline.bin"), "PYTHONPATH": str(self.code),
            **{f"WARMLINE_{name.upper()}": str(value) for name, value in settings.items()},
        }  # fmt: skip
        with (self.folder / "timeline.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "timeline"], env=environment, stderr=log, cwd=self.folder)
        try:
            until(lambda: self.get("/healthz") is not None, "the timeline listens", seconds=60)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def until_ready(self) -> float:
        """Wait until the timeline has read both stores; returns the seconds that it took."""
        return until(lambda: self.missing() == {}, "ready", seconds=30)

    def missing(self) -> dict[str, str] | None:
        """What `/readyz` says; None while nobody answers."""
        answer = self.get("/readyz")
        return None if answer is None else answer["missing"]

    def get(self, path: str) -> dict[str, Any] | None:
        """An answer's JSON, whatever its status; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return None

    def write(self, method: str, path: str) -> int:
        """A write by the app's backend; returns the status."""
        return self._send(method, path, {"Authorization": f"Bearer {API_KEY}"})

    def operate(self, method: str, path: str, body: object = None) -> int:
        """What the operator asks; returns the status."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
        return self._send(method, path, headers, json.dumps(body).encode() if body is not None else None)

    def switch(self, phase: Phase, *, percent: float = 100) -> None:
        """Switch the phase."""
        status = self.operate("PUT", "/admin/phase", {"phase": phase.value, "rollout_percent": percent})
        assert status == 200, status

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> int:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, method=method, headers=headers, data=body)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)

    @contextmanager
    def hung_postgresql(self) -> Iterator[None]:
        """Suspend PostgreSQL and all its backends during the block."""
        assert self.servers.postgres is not None
        assert self.servers.postgres.process is not None
        head = self.servers.postgres.process.pid
        family = [head, *_children(head)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(family):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def until_whole(self) -> float:
        """Seconds until pages are no longer degraded."""
        return until(lambda: "degraded" not in (self.get("/timeline/cold?limit=1") or {"degraded": 1}), "whole again")

    def saved(self) -> None:
        """Wait until the snapshot is on disk."""
        until((self.folder / "timeline.bin").exists, "the snapshot is on disk", seconds=45)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def judge(findings: Findings, name: str) -> None:
    """Print a line of the table, and fail if the readers found a violation."""
    print(f"{name}: {findings}")  # noqa: T201 - the table of the note
    assert findings.violations == []
    assert len(findings.seconds) > 100
    assert findings.quantile(0.99) <= P99_SECONDS
    assert findings.quantile(1) <= MAX_SECONDS


def wait(seconds: float) -> None:
    """Let the readers read."""
    time.sleep(seconds)
