"""The stores that an older version left, loaded as they are stored, their times as if that had been just now."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from shared.db.migrate import migrate
from tests.databases import database_like, name_of
from tests.flow.deployment import Deployment, JsonObject, author_of
from tests.stores import empty_database

STORED = Path(__file__).parent / "stored"
TIMES = """
SELECT format('%I.%I', table_schema, table_name), column_name, data_type FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema IN ('warmline', 'team') AND table_type = 'BASE TABLE'
  AND data_type IN ('timestamp with time zone', 'date')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """Stores of before after `migrate`, and what the older timeline acknowledged and served."""

    deployment: Deployment
    facts: JsonObject

    @property
    def chains(self) -> list[JsonObject]:
        """Those that their readers left open."""
        found: list[JsonObject] = self.facts["chains"]
        return found

    def withheld_from(self, user: str) -> set[str]:
        """The posts that this user must not be shown."""
        blocked = {a if b == user else b for a, b in self.facts["blocks"] if user in (a, b)}
        posts = {f"p{number:02}" for number in range(90)}
        theirs = {post for post in posts if author_of(post) in blocked}
        hidden = {post for who, post in self.facts["hidden"] if who == user}
        erased = {f"post-of-{gone}" for gone in self.facts["erased"]}
        return {*self.facts["deleted"], *theirs, *hidden, *erased}


@pytest.fixture(scope="session", params=["own", "views"])
def stored_template(request: pytest.FixtureRequest, server_url: str) -> Iterator[tuple[str, str, timedelta]]:
    """A world, a database with its rows at the schema of before, and how long ago that was."""
    world: str = request.param
    age = datetime.now(UTC) - datetime.fromisoformat(_facts(world)["made_at"])
    with empty_database(server_url) as url:
        _load(url, (STORED / f"{world}.sql").read_text(), age)
        yield world, name_of(url), age


@pytest.fixture(scope="session")
def migrated_template(
    stored_template: tuple[str, str, timedelta], server_url: str
) -> Iterator[tuple[str, str, timedelta]]:
    """The same with the database migrated, which reads nothing of Redis: to be copied for each test."""
    world, template, age = stored_template
    with database_like(template, server_url) as url:
        with _deployment(world, url, "redis://localhost").database() as database:
            assert migrate(database)[0] == "0004"
        yield world, name_of(url), age


@pytest.fixture
def upgraded(migrated_template: tuple[str, str, timedelta], server_url: str, fresh_redis: str) -> Iterator[Upgraded]:
    """The stores of before, migrated."""
    world, template, age = migrated_template
    with database_like(template, server_url) as url:
        deployment = _deployment(world, url, fresh_redis)
        _fill_redis(deployment, world, age)
        yield Upgraded(deployment=deployment, facts=_facts(world))


def _deployment(world: str, database_url: str, redis_url: str) -> Deployment:
    schema = "team" if world == "views" else None
    return Deployment(database_url=database_url, redis_url=redis_url, source_schema=schema)


def _facts(world: str) -> JsonObject:
    facts: JsonObject = json.loads((STORED / f"{world}.json").read_text())
    return facts


def _load(url: str, statements: str, age: timedelta) -> None:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statements)
            cursor.execute(TIMES)
            for table, column, kind in cursor.fetchall():
                cursor.execute(f"UPDATE {table} SET {column} = ({column} + %s)::{kind}", (age,))
    finally:
        connection.close()


def _fill_redis(deployment: Deployment, world: str, age: timedelta) -> None:
    with deployment.redis() as client:
        pipe = client.pipeline(transaction=False)
        for line in (STORED / f"{world}.redis").read_text().splitlines():
            words: list[Any] = [word.encode("latin-1") for word in json.loads(line)]
            if words[:2] == [b"ZADD", b"wl:asked"]:
                words[2::2] = [float(at) + age.total_seconds() for at in words[2::2]]
            pipe.execute_command(*words)
        pipe.execute()
