"""Two timeline processes, a growing world, jobs that can be stopped, and an oracle of acknowledged writes."""

import http.client
import itertools
import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2

from demo.embedded import Servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.models import promote_model
from shared.errors import WarmlineError
from shared.settings import StoreSettings
from tests.faults.scenario import ROOT, Scenario
from tests.flow.camps import Camps, build_camps
from tests.flow.deployment import API_KEY, AUTHORS, Deployment, build_world, eventually
from tests.races.pair import in_background, left_of, run_job, waiting_for_locks
from tests.races.stops import Proxy, Stop
from tests.stores import empty_database

MOST_PAGES = 60  # of a chain that is checked
ACT_SECONDS = 40.0
PROCESS = {"refresh_seconds": 0.2, "redis_budget_ms": 1000, "database_budget_ms": 3000}
# Between what a run reads and what it does with it.
STATEMENTS = [
    "CREATE TEMPORARY TABLE wanted_posts",
    "UPDATE warmline.post_rows",
    "SELECT post_id FROM warmline.post_rows",
]
TEAM = "team"  # the schema of the views


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDeployment(Deployment):
    """A deployment whose four relations are a team's, in another database."""

    source_url: str

    def stores(self) -> StoreSettings:
        return StoreSettings(
            database_url=self.database_url, redis_url=self.redis_url, source_schema=self.source_schema,
            source_url=self.source_url,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write: 200 and 204 mean that every process obeys, 202 that it is durable."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_known(self) -> bool:
        return self.status in (200, 204)

    @property
    def is_durable(self) -> bool:
        return self.status in (200, 202, 204)


@dataclass(slots=True)
class Oracle:
    """Acknowledged writes, and hence what pages requested later must not show."""

    author_of: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  # whose erasure PostgreSQL refused, or did not finish in time
    blocks: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[tuple[str, str]] = field(default_factory=set)

    def forbidden(self, user_id: str) -> frozenset[str]:
        """The posts that this user must not be shown from now on."""
        away = {user_id, *self.erased.copy()}
        for one, other in self.blocks.copy():
            if user_id in (one, other):
                away.add(other if user_id == one else one)
        posts = {post for post, author in self.author_of.copy().items() if author in away}
        return frozenset(posts | self.deleted | {post for user, post in self.hidden.copy() if user == user_id})


class Node:
    """One timeline process as its clients see it."""

    def __init__(self, port: int, redis: Proxy, postgres: Proxy) -> None:
        self.port, self.redis, self.postgres = port, redis, postgres
        self._local = threading.local()

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """A request of the app's backend."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        for is_last in (False, True):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ACT_SECONDS)
                self._local.connection = connection
            try:
                connection.request(method, path, body=data, headers=headers)
                answer = connection.getresponse()
                text = answer.read()
                return Answer(answer.status, json.loads(text) if text[:1] == b"{" else {})
            except (http.client.HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if is_last:
                    raise
        raise AssertionError

    def page(self, user_id: str, *, limit: int = 100, cursor: str | None = None) -> dict[str, Any]:
        path = f"/timeline/{quote(user_id, safe='')}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = self.ask("GET", path)
        assert answer.status == 200, f"GET {path}: {answer}"
        return dict(answer.body)

    def chain(self, user_id: str, *, limit: int = 100) -> list[dict[str, Any]]:
        """A chain from its first page to its end."""
        pages = [self.page(user_id, limit=limit)]
        while pages[-1]["next_cursor"] and len(pages) < MOST_PAGES:
            pages.append(self.page(user_id, limit=limit, cursor=pages[-1]["next_cursor"]))
        return pages

    def hang_up(self, method: str, path: str, body: object = None) -> None:
        """Send a write, and disconnect before the answer."""
        data = json.dumps(body).encode() if body is not None else b""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ACT_SECONDS)
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
        connection.request(method, path, body=data, headers=headers)
        connection.close()


def posts_of(page: Mapping[str, Any]) -> list[str]:
    return [post["id"] for post in page["posts"]]


@dataclass(slots=True, kw_only=True)
class RaceSetup:
    """A world with two processes, and the oracle."""

    deployment: Deployment
    nodes: tuple[Node, Node]
    rng: random.Random
    folder: Path
    oracle: Oracle = field(default_factory=Oracle)
    blind: int = 0  # pages that no store answered: nothing can be said of them
    pages: int = 0
    camps: Camps | None = None
    reported: set[str] = field(default_factory=set)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(24))
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def has_views(self) -> bool:
        return self.deployment.source_schema is not None

    # -- the world -----------------------------------------------------------------------------------------------------

    def sql_of_app(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Statements on the four relations, as the app does them itself; `{}` is their schema."""
        if isinstance(self.deployment, TeamDeployment):
            connection = psycopg2.connect(self.deployment.source_url)
            try:
                with connection, connection.cursor() as cursor:
                    for row in rows:
                        cursor.execute(statement.format(TEAM), row)
            finally:
                connection.close()
        else:
            self.deployment.sql(statement.format("warmline"), rows)

    def new_users(self, count: int) -> list[str]:
        users = [f"user-{next(self._numbers)}-of-races" for _ in range(count)]
        now = datetime.now(UTC)
        self.sql_of_app("INSERT INTO {}.users (id, created_at) VALUES (%s, %s)", [(user, now) for user in users])
        return users

    def new_posts(self, count: int, authors: Sequence[str] = AUTHORS) -> list[str]:
        """Posts created now, which the next run ranks first."""
        posts = [f"post-{next(self._numbers)}" for _ in range(count)]
        now = datetime.now(UTC)
        rows = [(post, authors[number % len(authors)], now) for number, post in enumerate(posts)]
        self.sql_of_app("INSERT INTO {}.posts (id, author_id, caption, created_at) VALUES (%s, %s, '', %s)", rows)
        self.oracle.author_of.update((post, author) for post, author, _ in rows)
        return posts

    def forget_old_posts(self, keep: int = 400) -> None:
        """Remove old posts, so that runs stay short; deletions stay recorded."""
        old = sorted(self.oracle.author_of, key=_number)[:-keep]
        self.sql_of_app("DELETE FROM {}.posts WHERE id = %s", [(post,) for post in old if post.startswith("post-")])
        for post in old:
            if post.startswith("post-"):
                self.oracle.author_of.pop(post, None)
                self.oracle.deleted.discard(post)

    def ranked_posts(self, count: int, authors: Sequence[str] = AUTHORS) -> list[str]:
        posts = self.new_posts(count, authors)
        self.run()
        return posts

    # -- acts ----------------------------------------------------------------------------------------------------------

    def any_node(self) -> Node:
        return self.rng.choice(self.nodes)

    def other(self, node: Node) -> Node:
        return self.nodes[1] if node is self.nodes[0] else self.nodes[0]

    def begin(self, node: Node, method: str, path: str, body: object = None) -> "Future[Answer]":
        return self.pool.submit(node.ask, method, path, body)

    def delete(self, post: str, node: Node | None = None) -> Answer:
        answer = (node or self.any_node()).ask("DELETE", f"/posts/{post}")
        if answer.is_known:
            self.oracle.deleted.add(post)
        return answer

    def block(self, one: str, other: str, node: Node | None = None) -> Answer:
        answer = (node or self.any_node()).ask("PUT", f"/users/{one}/blocks/{other}")
        if answer.is_known:
            self.oracle.blocks.add((one, other))
        return answer

    def hide(self, user: str, post: str, node: Node | None = None) -> Answer:
        body = [{"user_id": user, "post_id": post, "kind": "hide"}]
        answer = (node or self.any_node()).ask("POST", "/interactions", body)
        if answer.is_known and not answer.body.get("rejected"):
            self.oracle.hidden.add((user, post))
        return answer

    def erase(self, user: str, node: Node | None = None) -> Answer:
        answer = (node or self.any_node()).ask("DELETE", f"/users/{user}")
        if answer.is_durable:
            self.oracle.blocks = {pair for pair in self.oracle.blocks if user not in pair}
        else:
            self.oracle.refused.add(user)
        if answer.is_known:
            self.oracle.erased.add(user)
        return answer

    # -- what must hold ------------------------------------------------------------------------------------------------

    def check_pages(self, users: Sequence[str], *, nodes: Sequence[Node] = (), pages: int = 2) -> list[str]:
        """Posts on pages that must not be shown, by what was acknowledged before the request."""
        faults = []
        for node in nodes or self.nodes:
            for user in users:
                cursor = None
                for _ in range(pages):
                    forbidden = self.oracle.forbidden(user)
                    page = node.page(user, cursor=cursor)
                    self.pages += 1
                    if len(page.get("degraded", ())) > 1:
                        self.blind += 1
                        break
                    shown = forbidden.intersection(posts_of(page)) - self.reported
                    if shown:
                        self.reported |= shown  # what one window brought back is not every later one's fault
                        how = "degraded" if "degraded" in page else "undegraded"
                        faults.append(f"{sorted(shown)[:3]} shown to {user} ({how}, {page['source']})")
                    cursor = page["next_cursor"]
                    if cursor is None:
                        break
        return faults

    def settle(self) -> None:
        """Wait until no acknowledged write is pending."""

        def is_settled() -> bool:
            return not any(self.deployment.sql(f"SELECT 1 FROM {table} LIMIT 1") for table in self._waiting_tables())

        eventually(is_settled, "what is on its way gets there")

    def _waiting_tables(self) -> list[str]:
        names = ["erasures", "safety_outbox"]
        found = self.deployment.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'warmline' AND tablename = ANY(%s)", [(names,)]
        )
        return [f"warmline.{name}" for (name,) in found]

    def check_erased(self, users: Sequence[str]) -> list[str]:
        """What Redis holds of erased users after all is settled."""
        left = [(user, left_of(self.deployment, user)) for user in users if user not in self.oracle.refused]
        return [f"{user}: {places}" for user, places in left if places]

    def check_removed(self, posts: Sequence[str]) -> list[str]:
        """Deleted posts that PostgreSQL no longer calls removed: a Redis that loses its memory would show them."""
        found = self.deployment.sql(
            "SELECT post_id FROM warmline.post_rows WHERE removed_at IS NULL AND post_id = ANY(%s)", [(list(posts),)]
        )
        fresh = [post for (post,) in found if post not in self.reported]
        self.reported.update(fresh)
        return [f"removed_at of {post} was reset" for post in fresh]

    # -- runs ----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """A heuristic run from beginning to end."""
        run_job(self.deployment)

    @contextmanager
    def stopped_run(self, pattern: str, *, store: str = "redis", skip: int = 0) -> "Iterator[StoppableRun]":
        """A heuristic run that is stopped at a step; it ends with the block."""
        with Proxy(self.deployment.redis_url) as redis, Proxy(self.deployment.database_url) as postgres:
            behind = replace(self.deployment, redis_url=redis.url, database_url=postgres.url)
            with (redis if store == "redis" else postgres).stop(pattern, skip=skip) as stop:
                run = StoppableRun(done=in_background(lambda: run_job(behind)), stop=stop)
                eventually(lambda: stop.is_reached or run.done.done(), "the run stands still, or has ended")
                try:
                    yield run
                finally:
                    run.finish()

    @contextmanager
    def random_run(self) -> "Iterator[StoppableRun]":
        """A run that is stopped at a random command or statement, more often after a read."""
        store = self.rng.choice(["redis", "postgres", "reading"])
        if store == "reading":
            with self.stopped_run(self.rng.choice(STATEMENTS), store="postgres") as run:
                yield run
        else:
            with self.stopped_run(".", store=store, skip=self.rng.randrange(2, 45)) as run:
                yield run

    @contextmanager
    def stopped_scoring(self) -> "Iterator[StoppableRun]":
        """A scoring run of a small model that is stopped at a random Redis command."""
        if self.camps is None:
            self.camps = self._trained()
        with Proxy(self.deployment.redis_url) as redis:
            camps = replace(self.camps, deployment=replace(self.deployment, redis_url=redis.url))
            with redis.stop(".", skip=self.rng.randrange(2, 30)) as stop:
                run = StoppableRun(done=in_background(lambda: _score(camps)), stop=stop)
                eventually(lambda: stop.is_reached or run.done.done(), "the scorer stands still, or has ended")
                try:
                    yield run
                finally:
                    run.finish()

    def _trained(self) -> Camps:
        """Two camps of people beside the world's, and a champion that ranks for all."""
        camps = build_camps(self.deployment, self.folder / "camps")  # in an empty world
        build_world(self.deployment)
        report = camps.train()
        with self.deployment.database() as database:
            promote_model(database, report["model"], by="races", override=True)
        camps.score()
        return camps

    def done_or_waiting(self, acts: "Sequence[Future[Any]]") -> None:
        """Wait until each write has been answered, or waits for the stopped run."""
        eventually(
            lambda: all(act.done() for act in acts) or bool(waiting_for_locks(self.deployment)), "answered, or waiting"
        )

    def lose_lease(self) -> None:
        self.deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")


@dataclass(slots=True, kw_only=True)
class StoppableRun:
    """A started run."""

    done: "Future[None]"
    stop: Stop
    refused: WarmlineError | None = None

    def finish(self) -> None:
        """Let it continue to its end. A refusal is expected; any other error is a fault."""
        self.stop.go_on()
        try:
            self.done.result(ACT_SECONDS)
        except WarmlineError as error:
            self.refused = error


def _score(camps: Camps) -> None:
    camps.score()


def _number(post: str) -> int:
    return int(post.partition("-")[2]) if post.startswith("post-") else -1


@contextmanager
def setup(servers: Servers, folder: Path, *, redis_database: int, with_views: bool, seed: int) -> Iterator[RaceSetup]:
    """A ranked world, behind views in another database if wanted, and two processes on it."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(servers.database_url))
        redis_url = urlsplit(servers.redis_url)._replace(path=f"/{redis_database}").geturl()
        deployment = Deployment(database_url=url, redis_url=redis_url)
        database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
        migrate(database)
        database.close()
        build_world(deployment)
        for method in ("hashjoin", "mergejoin"):  # rows are looked up one by one, as where there are many
            deployment.sql(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET enable_{method} = off')
        settings: dict[str, Any] = dict(PROCESS)
        if with_views:
            theirs = stack.enter_context(empty_database(servers.database_url))
            _move_to_team(deployment, theirs)
            deployment = TeamDeployment(database_url=url, redis_url=redis_url, source_url=theirs, source_schema=TEAM)
            settings |= {"source_schema": TEAM, "source_url": theirs}
        deployment.run_heuristic()
        nodes = tuple(started_node(stack, servers, deployment, folder / name, settings) for name in ("one", "other"))
        first, second = nodes
        authors = dict(_authors(deployment))
        made = RaceSetup(
            deployment=deployment, nodes=(first, second), rng=rng, folder=folder, oracle=Oracle(author_of=authors)
        )
        try:
            yield made
        finally:
            made.pool.shutdown(wait=False, cancel_futures=True)


def started_node(
    stack: ExitStack,
    servers: Servers,
    deployment: Deployment,
    folder: Path,
    settings: Mapping[str, Any],
    *,
    code: Path = ROOT,
) -> Node:
    """A timeline in a process of its own, of a checkout, until the stack ends."""
    folder.mkdir(parents=True, exist_ok=True)
    redis, postgres = (
        stack.enter_context(Proxy(deployment.redis_url)),
        stack.enter_context(Proxy(deployment.database_url)),
    )
    behind = Deployment(database_url=postgres.url, redis_url=redis.url)
    scenario = Scenario(servers=servers, deployment=behind, folder=folder, code=code)
    stack.enter_context(scenario.timeline(**settings))
    scenario.until_ready()
    return Node(scenario.port, redis, postgres)


def _authors(deployment: Deployment) -> list[tuple[str, str]]:
    if isinstance(deployment, TeamDeployment):
        connection = psycopg2.connect(deployment.source_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT id, author_id FROM {TEAM}.posts")
                return list(cursor.fetchall())
        finally:
            connection.close()
    return [(post, author) for post, author in deployment.sql("SELECT id, author_id FROM warmline.posts")]


def _move_to_team(deployment: Deployment, theirs: str) -> None:
    """Move the world's rows into the team's relations in their own database."""
    columns = {
        "users": "id text, created_at timestamptz",
        "posts": "id text, author_id text, caption text, image_url text, created_at timestamptz, "
        "deleted_at timestamptz",
        "interactions": "user_id text, post_id text, kind text, created_at timestamptz",
        "blocks": "user_id text, blocked_user_id text, created_at timestamptz",
    }
    connection = psycopg2.connect(theirs)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {TEAM}")
            for relation, types in columns.items():
                names = ", ".join(each.split()[0] for each in types.split(", "))
                rows = deployment.sql(f"SELECT {names} FROM warmline.{relation}")
                cursor.execute(f"CREATE TABLE {TEAM}.their_{relation} ({types})")
                cursor.execute(f"CREATE VIEW {TEAM}.{relation} AS SELECT * FROM {TEAM}.their_{relation}")
                places = ", ".join(["%s"] * len(names.split(", ")))
                cursor.executemany(f"INSERT INTO {TEAM}.their_{relation} VALUES ({places})", rows)
    finally:
        connection.close()
    for relation in ("interactions", "blocks", "posts", "users"):
        deployment.sql(f"DELETE FROM warmline.{relation}")


def lost(node: Node) -> None:
    """Break all connections of a process to Redis."""
    with suppress(OSError):
        node.redis.break_all()
