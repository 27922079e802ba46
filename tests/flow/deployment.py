"""A small world on real servers, with the heuristic job and timelines: the base of the flow tests.

Ninety posts by ten authors, one created each half hour, newest first (`p00`), so that every list and every chain can be
computed by hand: `ann` is active and has viewed five posts, `cold` has just joined, `stranger` is an unknown user.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg2
import redis
from starlette.testclient import TestClient

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Phase, Reason, Source
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, StoreSettings, WindowSettings
from timeline.app import create_app
from timeline.settings import TimelineSettings
from timeline.state import AllSettings, State

POSTS = tuple(f"p{number:02}" for number in range(90))
AUTHORS = tuple(f"author{number}" for number in range(10))
ANN, COLD, STRANGER = "ann", "cold", "stranger"
SEEN_BY_ANN = ("p80", "p81", "p82", "p83", "p84")  # the longest ago first
ADMIN_TOKEN, API_KEY, JWT_KEY = "admin-token-of-the-tests", "api-key-of-the-tests", "jwt-key-of-the-tests-" + "k" * 32
LISTS: dict[str, Any] = {"list_length": 30, "everyone_length": 100, "seen_length": 100}
WAIT_SECONDS = 15.0

Row = tuple[Any, ...]
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One PostgreSQL database and one Redis, and what tests do with them."""

    database_url: str
    redis_url: str
    new_post_share: float = 0.0  # no reserved slots, so that lists can be counted; their own tests set it
    source_schema: str | None = None  # of the team's views, where there are some

    def sql(self, statement: str, rows: Sequence[Row] = ((),)) -> list[Row]:
        """Execute a statement once per row of values; returns the rows of the last one."""
        connection = psycopg2.connect(self.database_url)
        try:
            with connection, connection.cursor() as cursor:
                for row in rows:
                    cursor.execute(statement, row)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.redis_url)

    def settings(self, **timeline: Any) -> AllSettings:
        """The settings of a timeline in tests; budgets are generous, since the machine may be busy."""
        wanted: dict[str, Any] = {
            "env": "dev", "admin_token": ADMIN_TOKEN, "api_key": API_KEY, "jwt_key": JWT_KEY,
            "redis_budget_ms": 2000, "database_budget_ms": 5000, "refresh_seconds": 0.1,
            "snapshot_file": None,
        }  # fmt: skip
        return AllSettings(
            timeline=TimelineSettings(**(wanted | timeline)),
            stores=self.stores(),
            lists=ListSettings(**LISTS),
            window=WindowSettings(),
            formula=HeuristicSettings(),
            new_posts=self._new_posts(),
        )

    def stores(self) -> StoreSettings:
        return StoreSettings(database_url=self.database_url, redis_url=self.redis_url, source_schema=self.source_schema)

    def _new_posts(self) -> NewPostSettings:
        return NewPostSettings(new_post_share=self.new_post_share)

    @contextmanager
    def timeline(self, **settings: Any) -> Iterator[TestClient]:
        """The app of a timeline process, started in this process.

        Its first page waits for the stores' first check however busy the machine is; in production it is an empty,
        degraded one after `FIRST_LOOK_SECONDS`.
        """
        app = create_app(self.settings(**settings))
        patient = patch("timeline.feed.fallbacks.FIRST_LOOK_SECONDS", WAIT_SECONDS)
        with patient, TestClient(app, raise_server_exceptions=False) as client:
            yield client

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = Database(self.stores())
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def writer(self) -> Iterator[JobStore]:
        lists = ListSettings(**LISTS)
        writer = JobStore(self.redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
        try:
            yield writer
        finally:
            writer.close()

    def run_heuristic(self, *, now: datetime | None = None) -> None:
        """One run of the heuristic job, claimed like the service does it, at a given time."""
        job = JobSettings(
            window=WindowSettings(),
            lists=ListSettings(**LISTS),
            formula=HeuristicSettings(),
            new_posts=self._new_posts(),
        )
        with self.database() as database, self.writer() as writer:
            request_run(database, JOB, by="test")
            run = claim_run(database, JOB, worker="test")
            assert run is not None
            report = run_heuristic(database, writer, job, run, now or datetime.now(UTC))
            assert finish_run(database, run, report=report)

    def rows(self) -> dict[str, int]:
        """Post id → row."""
        return dict(self.sql("SELECT post_id, row FROM warmline.post_rows"))

    def publish_neucf(self, user_id: str, post_ids: Sequence[str], *, run: int = 1) -> None:
        """Publish a given list of the second phase with the scorer's writer."""
        rows = self.rows()
        entries = b"".join(pack_entry(rows[post_id], Reason.FOR_YOU, 0.5) for post_id in post_ids)
        ranked = RankedList(source=Source.NEUCF, generation=run, generated_at=datetime.now(UTC), entries=entries)
        with self.writer() as writer:
            writer.publish_lists([(user_id, encode(ranked))], phase=Phase.NEUCF, job="score", run=run)

    def add_posts(self, post_ids: Sequence[str], *, author: str = AUTHORS[0]) -> None:
        now = datetime.now(UTC)
        self.sql(
            "INSERT INTO warmline.posts (id, author_id, created_at) VALUES (%s, %s, %s)",
            [(post_id, author, now) for post_id in post_ids],
        )

    def add_events(self, user_id: str, post_ids: Sequence[str], *, kind: str = "view") -> None:
        """Events of one user, a second apart, the last one now."""
        now = datetime.now(UTC)
        self.sql(
            "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [
                (user_id, post_id, kind, now - timedelta(seconds=len(post_ids) - place))
                for place, post_id in enumerate(post_ids)
            ],
        )

    def delete_post(self, post_id: str) -> None:
        """As the team does it in its own tables."""
        self.sql("UPDATE warmline.posts SET deleted_at = now() WHERE id = %s", [(post_id,)])

    def block(self, user_id: str, blocked_user_id: str) -> None:
        """As the team does it in its own tables."""
        statement = "INSERT INTO warmline.blocks (user_id, blocked_user_id) VALUES (%s, %s)"
        self.sql(statement, [(user_id, blocked_user_id)])

    def close_database(self) -> None:
        """Make PostgreSQL refuse all connections."""
        self._allow_connections("false")

    def open_database(self) -> None:
        self._allow_connections("true")

    def _allow_connections(self, allowed: str) -> None:
        server, _, name = self.database_url.rpartition("/")
        connection = psycopg2.connect(f"{server}/postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}')
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        finally:
            connection.close()


def build_world(deployment: Deployment) -> None:
    """Insert the ninety posts, and the users."""
    now = datetime.now(UTC)
    people = [*AUTHORS, ANN, COLD, *(f"fan{number}" for number in range(12))]
    deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, %s)", [(user, now) for user in people])
    deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, caption, created_at) VALUES (%s, %s, %s, %s)",
        [
            (post_id, author_of(post_id), f"caption of {post_id}", now - timedelta(minutes=30 * place))
            for place, post_id in enumerate(POSTS)
        ],
    )
    for fan in range(12):
        deployment.add_events(f"fan{fan}", [post for place, post in enumerate(POSTS) if (place * 5 + fan) % 9 == 0])
        deployment.add_events(f"fan{fan}", POSTS[fan::17], kind="like")
    deployment.add_events(ANN, SEEN_BY_ANN)


def author_of(post_id: str) -> str:
    return AUTHORS[int(post_id[1:]) % len(AUTHORS)]


def posts_of(author: str) -> set[str]:
    return {post_id for post_id in POSTS if author_of(post_id) == author}


def state_of_app(client: TestClient) -> State:
    """The state of a timeline that runs in this process."""
    state = client.app.state.warmline  # type: ignore[attr-defined]
    assert isinstance(state, State)
    return state


def ask(client: TestClient, user_id: str, **query: Any) -> JsonObject:
    """A page, by GET; anything but 200 fails the test."""
    return _page(client.get(f"/timeline/{user_id}", params=query))


def ask_by_post(client: TestClient, user_id: str, **body: Any) -> JsonObject:
    """A page, by POST; anything but 200 fails the test."""
    return _page(client.post("/timeline", json={"user_id": user_id, **body}))


def ids(page: JsonObject) -> list[str]:
    return [post["id"] for post in page["posts"]]


def rest_of_chain(
    clients: Sequence[TestClient],
    user_id: str,
    first: JsonObject,
    *,
    limit: int,
    between: Callable[[int], None] = lambda page: None,
) -> list[JsonObject]:
    """The pages after a first one to the chain's end, from the clients in turn; `between` is called before each."""
    pages: list[JsonObject] = []
    cursor = first["next_cursor"]
    while cursor is not None:
        assert len(pages) < 200, "the chain does not end"
        between(len(pages))
        client = clients[len(pages) % len(clients)]
        pages.append(ask(client, user_id, limit=limit, cursor=cursor))
        cursor = pages[-1]["next_cursor"]
    return pages


def eventually(is_so: Callable[[], bool], what: str, *, seconds: float = WAIT_SECONDS) -> float:
    """Wait until a condition holds; returns the seconds that it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - begun


def until_ready(*clients: TestClient) -> None:
    """Wait until these timelines have read both stores and have everyone's list."""
    for client in clients:
        eventually(lambda client=client: client.get("/readyz").status_code == 200, "ready")  # type: ignore[misc]


def _page(response: Any) -> JsonObject:
    assert response.status_code == 200, response.text
    page = response.json()
    assert isinstance(page, dict)
    return page
