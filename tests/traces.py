"""Searches for a text in every row of every table, every key and value of Redis, and every file of a folder."""

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from tests.flow.deployment import Deployment

TABLES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname <> ALL(%s::text[])
"""


def traces(
    deployment: Deployment, text: str, *, folder: Path | None = None, team_schemas: tuple[str, ...] = ()
) -> list[str]:
    """The tables, keys and files that hold the text.

    Args:
        deployment: the stores.
        text: what to look for.
        folder: files to look into as well.
        team_schemas: the team's own schemas.
    """
    found = _tables_with(deployment.database_url, text, team_schemas)
    return [*found, *traces_in_redis(deployment, text), *(traces_on(folder, text) if folder else ())]


def traces_in_redis(deployment: Deployment, text: str) -> list[str]:
    """The keys that hold the text, or are named after it."""
    return [f"redis {name!r}" for name, value in _redis(deployment) if text.encode() in name + value]


def traces_on(folder: Path, text: str) -> list[str]:
    """The files of a folder that hold the text, or are named after it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path) for path in files if text.encode() in path.name.encode() + path.read_bytes()]


def _tables_with(database_url: str, text: str, team_schemas: tuple[str, ...]) -> list[str]:
    """On one connection for all tables: to open one takes longer than to search a table."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES, (list(team_schemas),))
        return [table for (table,) in cursor.fetchall() if _stands_in(cursor, table, text)]


def _stands_in(cursor: Any, table: str, text: str) -> bool:
    # A row as text has all its columns; bytes among them are in hexadecimal digits.
    query = f"SELECT 1 FROM {table} t WHERE strpos(t::text, %s) > 0 OR strpos(t::text, %s) > 0 LIMIT 1"
    cursor.execute(query, (text, text.encode().hex()))
    return cursor.fetchone() is not None


def _redis(deployment: Deployment) -> list[tuple[bytes, bytes]]:
    with deployment.redis() as client:
        return [(name, b"\n".join(_members(client, name))) for name in client.scan_iter()]


def _members(client: Any, name: bytes) -> list[bytes]:
    kind = client.type(name)
    if kind == b"none":  # deleted since it was listed
        return []
    if kind == b"string":
        return [client.get(name) or b""]
    if kind == b"hash":
        return [part for pair in client.hgetall(name).items() for part in pair]
    if kind == b"set":
        return list(client.smembers(name))
    if kind == b"stream":
        return [part for _, fields in client.xrange(name) for pair in fields.items() for part in pair]
    assert kind == b"zset", f"{name!r} is a {kind!r}"
    return list(client.zrange(name, 0, -1))


def make_views(deployment: Deployment, schema: str = "team") -> None:
    """Move the world into tables of the team's own, with the four views over them."""
    statements = [f"CREATE SCHEMA {schema}"]
    for relation in ("users", "posts", "interactions", "blocks"):
        columns = "user_id, post_id, kind, created_at" if relation == "interactions" else "*"
        statements += [
            f"CREATE TABLE {schema}.their_{relation} AS SELECT {columns} FROM warmline.{relation}",
            f"CREATE VIEW {schema}.{relation} AS SELECT * FROM {schema}.their_{relation}",
            f"DELETE FROM warmline.{relation}",
        ]
    deployment.sql("; ".join(statements))
