"""Creates databases for benchmarks in an embedded PostgreSQL."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from benchmarks.world.fill import VIEWS
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.settings import StoreSettings

NOWHERE = "redis://127.0.0.1:1"  # for jobs that need PostgreSQL alone


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database, dropped at the end."""
    name = f"warmline_benchmark_{secrets.token_hex(4)}"
    _execute(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def migrated_database(server_url: str) -> Iterator[str]:
    """The URL of a database with the schema `warmline`, dropped at the end."""
    with empty_database(server_url) as url:
        database = open_database(url)
        migrate(database)
        database.close()
        yield url


def open_database(url: str, *, redis_url: str = NOWHERE, views: bool = False) -> Database:
    """Open the database like the services."""
    given = {"database_url": url, "redis_url": redis_url, "source_schema": VIEWS if views else None}
    return Database(StoreSettings.model_validate(given))


def environment(url: str, *, redis_url: str = NOWHERE, views: bool = False) -> Mapping[str, str]:
    """The environment variables for a child process."""
    return {
        "WARMLINE_DATABASE_URL": url,
        "WARMLINE_REDIS_URL": redis_url,
        "WARMLINE_SOURCE_SCHEMA": VIEWS if views else "",
        "WARMLINE_SOURCE_URL": "",
    }


def _execute(server_url: str, statement: sql.Composed) -> None:
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
