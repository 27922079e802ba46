"""Databases that exist during a test: empty ones, and copies of one that was prepared once."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

EMPTY = "template0"
# PostgreSQL copies the files as they are: half the work of its usual way, which passes every page through its log.
CREATE = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
DROP = "DROP DATABASE {} WITH (FORCE)"


@contextmanager
def database_like(template: str, server_url: str) -> Iterator[str]:
    """The URL of a copy of a database, to which nobody may be connected; dropped after the block, whoever uses it."""
    name = f"warmline_test_{secrets.token_hex(6)}"
    _execute(server_url, sql.SQL(CREATE).format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server_url, sql.SQL(DROP).format(sql.Identifier(name)))


def name_of(url: str) -> str:
    """The name of the database at a URL."""
    return urlsplit(url).path.removeprefix("/")


def _execute(server_url: str, statement: sql.Composed) -> None:
    connection = psycopg2.connect(server_url)
    connection.autocommit = True  # databases are not made inside a transaction
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
