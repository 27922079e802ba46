"""Two timeline processes on one world, behind proxies that can stop them; runs that can be stopped; traces."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx2
from starlette.testclient import TestClient

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import author_hash
from shared.errors import WarmlineError
from shared.ranked_lists.blocked import NO_BLOCKS, unpack_blocked
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, Deployment, JsonObject, ask, eventually, ids, until_ready
from tests.races.stops import Proxy, written
from tests.traces import traces_in_redis

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
SELDOM = 60.0  # seconds between looks: a page, and not the keeper, has to find out
PATIENT = {"redis_budget_ms": 10_000, "database_budget_ms": 30_000}  # a stop is not to look like a store that is away
RESULT_SECONDS = 30.0

ResultT = TypeVar("ResultT")


def in_background(action: Callable[[], ResultT]) -> "Future[ResultT]":
    """Call a function in a thread of its own, which is stopped together with it."""
    future: Future[ResultT] = Future()

    def do() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return future


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A timeline process, and the proxies between it and its stores."""

    client: TestClient
    redis: Proxy
    postgres: Proxy

    def act(self, method: str, path: str, body: object = None) -> "Future[httpx2.Response]":
        """Start a write of the app's backend."""
        return in_background(lambda: self.now(method, path, body))

    def now(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Do a write of the app's backend."""
        return self.client.request(method, path, json=body, headers=BACKEND)

    def page(self, user_id: str, **query: Any) -> "Future[JsonObject]":
        """Start a request for a page."""
        return in_background(lambda: ask(self.client, user_id, **query))


@contextmanager
def process(deployment: Deployment, **settings: Any) -> Iterator[Process]:
    """A timeline process that is ready, behind proxies of its own."""
    wanted = {"refresh_seconds": SELDOM, **PATIENT, **settings}
    with Proxy(deployment.redis_url) as redis, Proxy(deployment.database_url) as postgres:
        behind = replace(deployment, redis_url=redis.url, database_url=postgres.url)
        with behind.timeline(**wanted) as client:
            until_ready(client)
            yield Process(client=client, redis=redis, postgres=postgres)


@contextmanager
def pair(deployment: Deployment, **settings: Any) -> Iterator[tuple[Process, Process]]:
    """Two such processes."""
    with process(deployment, **settings) as one, process(deployment, **settings) as other:
        yield one, other


def run_job(deployment: Deployment) -> None:
    """One run of the heuristic job, like the service does it: after a failure the next run may begin."""
    settings = deployment.settings()
    job = JobSettings(
        window=settings.window, lists=settings.lists, formula=settings.formula, new_posts=settings.new_posts
    )
    with deployment.database() as database, deployment.writer() as writer:
        request_run(database, JOB, by="test")
        run = claim_run(database, JOB, worker="test")
        assert run is not None, "another run is under way"
        try:
            report = run_heuristic(database, writer, job, run, datetime.now(UTC))
        except BaseException as error:
            finish_run(database, run, error=type(error).__name__)
            raise
        finish_run(database, run, report=report)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A started run of the heuristic job, and the proxies between it and its stores."""

    done: "Future[None]"
    redis: Proxy
    postgres: Proxy

    def ended(self) -> WarmlineError | None:
        """Wait for its end; returns the refusal that it ended with. Any other error is a fault."""
        try:
            self.done.result(RESULT_SECONDS)
        except WarmlineError as error:
            return error
        return None


FIRST_WRITE = written("wl:posts:[0-9]+")  # with which a run begins to publish; it has loaded


@contextmanager
def stopped_run(
    deployment: Deployment, pattern: str = FIRST_WRITE, *, store: str = "redis", **more: Any
) -> Iterator["StoppedRun"]:
    """A run of the heuristic job that is stopped at a command or a statement."""
    with Proxy(deployment.redis_url) as redis, Proxy(deployment.database_url) as postgres:
        behind = replace(deployment, redis_url=redis.url, database_url=postgres.url)
        proxy = redis if store == "redis" else postgres
        with proxy.stop(pattern, **more) as stop:
            run = Run(done=in_background(lambda: run_job(behind)), redis=redis, postgres=postgres)
            stop.wait()
            yield StoppedRun(run=run, go_on=stop.go_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRun:
    """A stopped run."""

    run: Run
    go_on: Callable[[], None]

    def finish(self) -> WarmlineError | None:
        """Let it go on to its end; returns the refusal that it ended with."""
        self.go_on()
        return self.run.ended()


def accepted(*responses: httpx2.Response) -> None:
    """Each of these acts was acknowledged: known everywhere, or durable and pending."""
    for response in responses:
        assert response.status_code in (200, 202, 204), response.text


def waiting_for_locks(deployment: Deployment) -> int:
    """How many statements wait for a lock in PostgreSQL."""
    ((count,),) = deployment.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return int(count)


def until_done_or_waiting(deployment: Deployment, *acts: "Future[Any]") -> None:
    """Wait until each of these writes has ended, or waits for a stopped one."""
    left = list(acts)
    eventually(
        lambda: waiting_for_locks(deployment) >= sum(not act.done() for act in left), "done, or waiting for a lock"
    )


def settle(deployment: Deployment) -> None:
    """Let a process with short intervals finish pending writes: those that wait for Redis, and erasures."""
    if _waits(deployment):
        with deployment.timeline(refresh_seconds=0.1):
            eventually(lambda: not _waits(deployment), "all is settled")


def _waits(deployment: Deployment) -> bool:
    tables = deployment.sql("SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE tablename = ANY(%s)",
                       [(["erasures", "safety_outbox"],)])  # fmt: skip
    return any(deployment.sql(f"SELECT 1 FROM {table} LIMIT 1") for (table,) in tables)


def left_of(deployment: Deployment, user_id: str, post_ids: Sequence[str] = ()) -> list[str]:
    """What Redis still holds of an erased user: names, catalogue entries of their posts, blocks."""
    found = [place for text in (user_id, *post_ids) for place in traces_in_redis(deployment, text)]
    with deployment.redis() as client:
        packed = client.get("wl:blocked")
    blocked = unpack_blocked(packed) if isinstance(packed, bytes) else NO_BLOCKS
    if blocked.without(author_hash(user_id)) is not blocked:
        found.append("redis b'wl:blocked'")
    return found


def whole_chain(client: TestClient, user_id: str, first: JsonObject, *, limit: int = 20) -> list[list[str]]:
    """The posts of a chain's pages, from a first one on."""
    pages, cursor = [ids(first)], first["next_cursor"]
    while cursor is not None:
        assert len(pages) < 100, "the chain does not end"
        page = ask(client, user_id, limit=limit, cursor=cursor)
        pages.append(ids(page))
        cursor = page["next_cursor"]
    return pages


@contextmanager
def get_all(*managers: Any) -> Iterator[list[Any]]:
    """Enter several context managers."""
    with ExitStack() as stack:
        yield [stack.enter_context(manager) for manager in managers]
