"""Connections to our own PostgreSQL and perhaps the team's, and where each of the four relations is."""

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TypeVar

import psycopg2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.db.sessions import check_url, engine_for, says_read_only, sqlstate_of
from shared.db.tables import SCHEMA
from shared.errors import RelationBroken, SourceError, StoreReadOnly, StoreUnavailable, WriteConflict
from shared.settings import PREFIX, StoreSettings

_REFUSALS = (psycopg2.DataError, psycopg2.ProgrammingError, psycopg2.NotSupportedError, psycopg2.IntegrityError)
ResultT = TypeVar("ResultT")
CONFLICTS = ("40P01", "40001")  # a deadlock, a serialization failure
TRIES = 4  # of a transaction that PostgreSQL ended because of a conflict
RETRY_SECONDS = 0.05  # before the second try, at random up to twice as long; doubled before each further try
_QUOTED = re.compile(r'"[^"]*"')
RELATIONS = ("users", "posts", "interactions", "blocks")
# Users and posts come from the views only; events and blocks also come by the API, and are then in our own tables.
ALSO_OWN = ("interactions", "blocks")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationHome:
    """A place where relations are: a schema in one PostgreSQL."""

    engine: sa.Engine
    schema: str

    def name(self, relation: str) -> str:
        """The relation's name for SQL; the schema was checked to be an identifier when the settings were read."""
        return f'"{self.schema}".{relation}'


class Database:
    """Our PostgreSQL (`own`) and, if the team has views, theirs (`source`)."""

    def __init__(self, settings: StoreSettings, *, statement_seconds: float = 0, pool_size: int = 5) -> None:
        check_urls(settings)
        open_pool = partial(engine_for, statement_seconds=statement_seconds, pool_size=pool_size)
        own = open_pool(settings.database_url.get_secret_value(), writes=True)
        self.own = RelationHome(engine=own, schema=SCHEMA)
        self.source: RelationHome | None = None
        self.was_read_only = False  # at the last check
        self._check: Callable[[sa.Connection], None] | None = None  # at the start of each transaction
        if settings.source_schema is not None:
            url = settings.source_url
            engine = open_pool(url.get_secret_value(), writes=False) if url else own
            self.source = RelationHome(engine=engine, schema=settings.source_schema)

    @property
    def has_views(self) -> bool:
        """Whether the relations are the team's views, which we only read."""
        return self.source is not None

    def homes(self, relation: str) -> list[RelationHome]:
        """The homes of a relation; the union of their rows is the relation."""
        if self.source is None:
            return [self.own]
        return [self.source, self.own] if relation in ALSO_OWN else [self.source]

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction in our own PostgreSQL."""
        with store_errors(self.own), self.own.engine.begin() as connection:
            if self._check is not None:
                self._check(connection)
            yield connection

    def checked_by(self, check: Callable[[sa.Connection], None]) -> Self:
        """A copy with the same pools, in which each transaction begins with a check that may refuse it."""
        checked = copy(self)
        checked._check = check
        return checked

    @contextmanager
    def read(self) -> Iterator["DatabaseSnapshot"]:
        """A consistent read-only snapshot of each PostgreSQL."""
        snapshot = DatabaseSnapshot(self)
        with store_errors(self.source or self.own):
            try:
                yield snapshot
            finally:
                snapshot.close()

    def close(self) -> None:
        self.own.engine.dispose()
        if self.source is not None:
            self.source.engine.dispose()


class DatabaseSnapshot:
    """Repeatable-read, read-only connections, one to each PostgreSQL that is read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connections: dict[int, sa.Connection] = {}
        self._read: dict[Callable[[DatabaseSnapshot], Any], Any] = {}

    def connection(self, home: RelationHome) -> sa.Connection:
        """The connection to a home, opened at its first use."""
        known = self._connections.get(id(home.engine))
        if known is not None:
            return known
        with store_errors(home):
            fresh = home.engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._connections[id(home.engine)] = fresh
        return fresh

    def homes(self, relation: str) -> Iterator[tuple[sa.Connection, str]]:
        """Connection and SQL name of each home of a relation."""
        for home in self.database.homes(relation):
            yield self.connection(home), home.name(relation)

    def once(self, read: Callable[["DatabaseSnapshot"], ResultT]) -> ResultT:
        """The result of a function of this snapshot; it is called only once."""
        if read not in self._read:
            self._read[read] = read(self)
        found: ResultT = self._read[read]
        return found

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def retried(write: Callable[[], ResultT]) -> ResultT:
    """Run a write of one transaction; repeat it if PostgreSQL ended it because of a conflict.

    Raises:
        WriteConflict: it failed several times in a row; nothing was changed.
    """
    for attempt in range(TRIES - 1):
        try:
            return write()
        except WriteConflict:
            time.sleep(RETRY_SECONDS * 2**attempt * (1 + random.random()))  # noqa: S311 - spreads concurrent retries
    return write()


@contextmanager
def store_errors(home: RelationHome) -> Iterator[None]:
    """Turn errors of PostgreSQL into ours, with one line and without password, statement and values.

    `IntegrityError` passes unchanged, since only the caller knows what it means.
    """
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeoutError, psycopg2.Error) as error:
        raise explained(home, error) from error


@contextmanager
def relation_errors(home: RelationHome, relation: str) -> Iterator[None]:
    """`store_errors` for the reading of one relation.

    Raises:
        RelationBroken: PostgreSQL refuses to read it.
        StoreUnavailable: PostgreSQL does not answer.
    """
    try:
        with store_errors(home):
            yield
    except SourceError as error:
        raise RelationBroken(f"{home.schema}.{relation}", str(error)) from error


def explained(home: RelationHome, error: Exception) -> StoreUnavailable | SourceError:
    """Our error for one of the driver's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if says_read_only(cause):
        return read_only_error(home, first_line(error))
    if sqlstate_of(cause) in CONFLICTS:
        return WriteConflict(f"PostgreSQL at {address(home)} ended a transaction: {first_line(error)}; try again")
    if isinstance(cause, _REFUSALS):
        # A missing relation or right, or a view that fails. A data error quotes values, which are personal data.
        said = first_line(error)
        said = _QUOTED.sub('"…"', said) if isinstance(cause, psycopg2.DataError) else said
        return SourceError(f"PostgreSQL at {address(home)} refuses: {said}")
    return unavailable(home, error)


def read_only_error(home: RelationHome, said: str) -> StoreReadOnly:
    """The error for a read-only PostgreSQL."""
    return StoreReadOnly(f"PostgreSQL at {address(home)} is read-only: {said}; is it a standby, or was it demoted?")


def unavailable(home: RelationHome, error: Exception) -> StoreUnavailable:
    """The error for a PostgreSQL that does not answer."""
    return StoreUnavailable(f"PostgreSQL at {address(home)} does not answer: {first_line(error)}")


def address(home: RelationHome) -> str:
    """host:port/database, without credentials."""
    url = home.engine.url
    hosts = url.query.get("hosts")
    host = f"{url.host or 'a local socket'}:{url.port or 5432}"
    return f"{hosts or host}/{url.database}"


def check_urls(settings: StoreSettings) -> None:
    """Refuse addresses that PostgreSQL's client does not understand, before anybody connects.

    Raises:
        ConfigurationError: which setting.
    """
    check_url(f"{PREFIX}DATABASE_URL", settings.database_url.get_secret_value())
    if settings.source_url is not None:
        check_url(f"{PREFIX}SOURCE_URL", settings.source_url.get_secret_value())


def first_line(error: Exception) -> str:
    """The first line of a driver's error, without statement and traceback."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    # One line for each host that failed.
    hosts = [line for line in said.splitlines() if line.startswith("connection to server")]
    return "; ".join(hosts) or said.strip().partition("\n")[0]
