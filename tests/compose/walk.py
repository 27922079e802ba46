"""Walks the main job through the containers of docker-compose.yml: import, rank, read; train, score, switch, read.

In the checkout, with the services up (`make env`, `docker compose up -d --build --wait`):

    python3 -m tests.compose.walk

COMPOSE_PROJECT_NAME and COMPOSE_FILE mean what they mean to compose. It wants no package, writes below
`.warmline/walk`, and leaves its small world in the database: not for an installation in use. It ends with 0 when every
step was good.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from tests.compose.world import CAMPS, COLD_USER, camp_of, make_world

FOLDER = Path(".warmline/walk")
NEUCF_SERVICES = ("s02_train_neucf", "s02_recsys_neucf")
USER = "user-cats-002"
PATIENCE = 90  # seconds for what comes by itself
RUN_PATIENCE = 1200  # seconds for a run that is under way, on a busy machine


class WalkFailed(Exception):
    """A step of the walk did not give what it should; the message says what it gave."""


def say(text: str) -> None:
    sys.stdout.write(f"[walk] {text}\n")
    sys.stdout.flush()


def expect(what: str, *, got: object, wanted: object) -> None:
    """One fact of the walk."""
    if got != wanted:
        raise WalkFailed(f"{what}: got {got!r}, expected {wanted!r}")


def compose(*arguments: str) -> str:
    """`docker compose …`; gives what it wrote."""
    done = subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise WalkFailed(f"docker compose {' '.join(arguments)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def warmline(*arguments: str, mounts: Sequence[str] = ()) -> str:
    """The operator's command in its container."""
    options = [option for mount in mounts for option in ("-v", mount)]
    return compose("run", "--rm", "--no-deps", "-T", *options, "warmline", *arguments)


class Timeline:
    """The timeline, as an app's backend and an operator see it: through the published port."""

    def __init__(self, address: str, secrets: dict[str, str]) -> None:
        self._address = address
        self._secrets = secrets
        self._opener = build_opener(ProxyHandler({}))

    def call(self, method: str, path: str, *, by: str | None = "API_KEY", body: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer; `by` names the secret that opens the door, None knocks without one."""
        headers = {"content-type": "application/json"}
        if by is not None:
            headers["authorization"] = f"Bearer {self._secrets['WARMLINE_' + by]}"
        content = None if body is None else json.dumps(body).encode()
        request = Request(f"http://{self._address}{path}", data=content, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=10) as answer:
                status, text = answer.status, answer.read()
        except HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text else None

    def page(self, user: str, *, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
        """A page that must come."""
        follow = f"&cursor={quote(cursor)}" if cursor else ""
        status, page = self.call("GET", f"/timeline/{user}?limit={limit}{follow}")
        expect(f"status of a page of {user} ({page})", got=status, wanted=200)
        assert isinstance(page, dict)
        return page

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The newest runs of a job, newest first."""
        status, answer = self.call("GET", "/admin/status", by="ADMIN_TOKEN")
        expect(f"status of /admin/status ({answer})", got=status, wanted=200)
        return [run for run in answer["runs"] if run["job"] == job]

    def switch(self, phase: str) -> None:
        status, answer = self.call("PUT", "/admin/phase", by="ADMIN_TOKEN", body={"phase": phase})
        expect(f"status of the switch to {phase} ({answer})", got=status, wanted=200)


def run_job(timeline: "Timeline", job: str, *, fresh: bool = True) -> dict[str, Any]:
    """Have the service do a job; gives the run's row.

    Args:
        timeline: tells which runs are under way.
        fresh: wait for a run that is asked for or under way, and ask for one after it; else that one will do.
    """
    begun, last = time.monotonic(), None
    while pending := [run for run in timeline.runs(job) if run["state"] in ("requested", "running")]:
        if time.monotonic() - begun > RUN_PATIENCE:
            raise WalkFailed(f"run of {job}: not within {RUN_PATIENCE} s: {pending}")
        last = pending[0]["id"]
        time.sleep(2)
    if fresh or last is None:
        row: dict[str, Any] = json.loads(warmline("run", job, "--json"))
    else:
        row = next(run for run in timeline.runs(job) if run["id"] == last)
    expect(f"run {row['id']} of {job} ({row['error']})", got=row["state"], wanted="done")
    return row


def ids(page: dict[str, Any]) -> list[str]:
    return [post["id"] for post in page["posts"]]


def until(what: str, check: Callable[[], bool]) -> float:
    """Wait for what comes by itself; gives the seconds it took."""
    begun = time.monotonic()
    while not check():
        if time.monotonic() - begun > PATIENCE:
            raise WalkFailed(f"{what}: not within {PATIENCE} s")
        time.sleep(1)
    return time.monotonic() - begun


def secrets_of(env_file: Path) -> dict[str, str]:
    """The variables of `.env`, those of the environment before them."""
    lines = (line.partition("=") for line in env_file.read_text().splitlines() if line.startswith("WARMLINE_"))
    return {name: os.environ.get(name) or value for name, _, value in lines}


def guard(secrets: dict[str, str]) -> None:
    """The containers: no root, nothing to write, no password in a list of processes, no secret where it has no use."""
    services = compose("ps", "--services").split()
    script = "id -u; touch /here 2>/dev/null && echo writable || echo read-only; cat /proc/[0-9]*/cmdline"
    shown = {service: compose("exec", "-T", service, "sh", "-c", script) for service in services}
    for service, text in shown.items():
        uid, root, *commands = text.replace("\0", " ").split("\n")
        expect(f"{service} runs as root", got=uid == "0", wanted=False)
        expect(f"{service}'s root", got=root, wanted="read-only")
        leaked = [name for name, value in secrets.items() if len(value) >= 16 and value in "".join(commands)]
        expect(f"secrets among {service}'s processes", got=leaked, wanted=[])
    for service in set(services) - {"timeline", "postgres", "redis"}:
        variables = compose("exec", "-T", service, "env")
        names = ("ADMIN_TOKEN", "API_KEY", "JWT_KEY", "SIGNING_KEY", "POSTGRES_PASSWORD")
        held = [name for name in names if secrets["WARMLINE_" + name] in variables]
        expect(f"secrets that are not for {service}", got=held, wanted=[])
    ask = "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = 'warmline'"
    roles = compose("exec", "-T", "postgres", "psql", "-U", "warmline", "-d", "warmline", "-Atc", ask).split()
    expect("the services' database role", got=roles, wanted=["warmline_app"])
    published = [
        row["Service"] for row in _containers() if any(port["PublishedPort"] for port in row["Publishers"] or [])
    ]
    expect("services that publish a port", got=published, wanted=["timeline"])
    say(f"guarded: {len(shown)} containers without root, read-only, no secret among processes, one published port")


def _containers() -> list[dict[str, Any]]:
    """`compose ps`, whose JSON is an array in some versions and one object a line in others."""
    text = compose("ps", "--format", "json").strip()
    rows: list[dict[str, Any]] = (
        json.loads(text) if text.startswith("[") else [json.loads(x) for x in text.splitlines()]
    )
    return rows


def fill() -> None:
    """Make the world and import it; training and scoring are given its photos."""
    begun = time.monotonic()
    make_world(FOLDER / "import", FOLDER / "media", datetime.now(UTC))
    answer = warmline("import", "/import", "--json", mounts=[f"{(FOLDER / 'import').resolve()}:/import:ro"])
    say(f"imported in {time.monotonic() - begun:.1f} s: {' '.join(answer.split())[:300]}")


def heuristic(timeline: Timeline) -> None:
    """Phase 1 through the published port."""
    row = run_job(timeline, "heuristic")
    say(f"run {row['id']} of heuristic: {row['report']}")
    until("a heuristic page", lambda: timeline.page(USER)["source"] == "heuristic")
    first = timeline.page(USER, limit=10)
    second = timeline.page(USER, limit=10, cursor=first["next_cursor"])
    expect("posts of two pages of ten, each once", got=len({*ids(first), *ids(second)}), wanted=20)
    say(f"page of {USER}: source {first['source']}, first posts {ids(first)[:3]}")
    status, _ = timeline.call("GET", f"/timeline/{USER}", by=None)
    expect("a page without a key", got=status, wanted=401)
    gone = ids(timeline.page(USER, limit=10))[0]
    status, _ = timeline.call("DELETE", f"/posts/{gone}")
    expect(f"status of deleting {gone}", got=status // 100, wanted=2)
    expect("a deleted post on the next page", got=gone in ids(timeline.page(USER, limit=100)), wanted=False)
    say(f"deleted {gone}: gone with the next page")


def redis_restart(timeline: Timeline) -> None:
    """Redis loses its memory: pages go on, and the lists are back with the next run."""
    compose("restart", "redis")
    page = timeline.page(USER)
    expect("posts while Redis is empty", got=bool(page["posts"]), wanted=True)
    say(f"Redis restarted empty: page of {len(page['posts'])} posts, source {page['source']}")
    run_job(timeline, "heuristic")
    seconds = until("a heuristic page again", lambda: timeline.page(USER)["source"] == "heuristic")
    say(f"after the next run, the user's own list again ({seconds:.0f} s)")


def neucf(timeline: Timeline) -> None:
    """Phase 2: train, promote, score, switch and back."""
    media = {**os.environ, "WARMLINE_MEDIA_ROOT": str((FOLDER / "media").resolve())}
    again = ["docker", "compose", "up", "-d", "--no-build", "--no-deps", "--wait", *NEUCF_SERVICES]
    subprocess.run(again, env=media, check=True, capture_output=True)
    row = run_job(timeline, "train", fresh=False)
    report = row["report"]
    say(f"run {row['id']} of train: {report}")
    if not report["promoted"]:
        say("the gate says no on this small world; the operator overrides: " + warmline(
            "promote", str(report["model"]), "--override").strip())  # fmt: skip
    row = run_job(timeline, "score", fresh=False)
    say(f"run {row['id']} of score: {row['report']}")
    timeline.switch("neucf")
    page = timeline.page(USER)
    expect("source after the switch", got=page["source"], wanted="neucf")
    share = sum(camp_of(post) == camp_of(USER) for post in ids(page)) / len(ids(page))
    say(f"page of {USER}: source neucf, {share:.0%} of it {camp_of(USER)} (the world has {1 / len(CAMPS):.0%})")
    expect("most of the page is of the user's own camp", got=share >= 0.7, wanted=True)
    expect("source of a cold user", got=timeline.page(COLD_USER)["source"], wanted="heuristic")
    expect("source of a stranger", got=timeline.page("nobody")["source"], wanted="everyone")
    timeline.switch("heuristic")
    expect("source after the switch back", got=timeline.page(USER)["source"], wanted="heuristic")
    say("switched back: source heuristic")


def walk() -> None:
    secrets = secrets_of(Path(".env"))
    timeline = Timeline(compose("port", "timeline", "8000").strip(), secrets)
    status, health = timeline.call("GET", "/healthz", by=None)
    expect(f"status of /healthz ({health})", got=status, wanted=200)
    guard(secrets)
    fill()
    heuristic(timeline)
    if "s02_train_neucf" in compose("config", "--services").split() and os.environ.get("WALK_PHASES") != "1":
        neucf(timeline)
    redis_restart(timeline)


if __name__ == "__main__":
    try:
        walk()
    except WalkFailed as failed:
        say(f"FAILED: {failed}")
        sys.exit(1)
    say("every step was good")
