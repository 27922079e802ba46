"""Opens connections to PostgreSQL, to one host or the first suitable one of several, with our session settings.

PostgreSQL takes the settings during connecting, at no cost. A pooler in transaction mode (PgBouncer, RDS Proxy) refuses
or drops them, since the next transaction may use another server connection: then each transaction sets them.
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import psycopg2
import psycopg2.extensions
import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.db.timestamps import guard_times
from shared.errors import ConfigurationError
from shared.store_urls import StoreUrl, postgresql_url

CONNECT_SECONDS = 5
# A connection that was used so lately is not tried before its next use (seconds): events that arrive one after the
# other would wait for a round trip more, each time.
TRUSTED_SECONDS = 0.25
PROOF = "warmline.session"  # a setting of ours; reading it shows whether a connection has our settings
REFUSALS = ("startup parameter", "command-line options")  # in the error messages of poolers
# Errors of a server that has become a standby: its connections are useless, although they answer. A connection that has
# read a snapshot asks for READ WRITE, which gives the error about recovery instead.
READ_ONLY, NOT_SUPPORTED, RECOVERY = "25006", "0A000", "during recovery"


class Connector:
    """Connects to one address."""

    def __init__(self, url: str, *, statement_seconds: float, writes: bool) -> None:
        self._parameters = parameters_of(postgresql_url(url), writes=writes)
        self._given = str(self._parameters.get("options", ""))
        milliseconds = int(statement_seconds * 1000)
        self._options = f"{self._given} -c timezone=UTC -c statement_timeout={milliseconds} -c {PROOF}=on".strip()
        self._statement = f"SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = {milliseconds}"
        self.is_pooled = False  # by a pooler that does not pass our settings on

    def __call__(self) -> Any:
        """A new connection."""
        if self.is_pooled:
            return psycopg2.connect(**self._parameters)
        try:
            connection = psycopg2.connect(**{**self._parameters, "options": self._options})
        except psycopg2.OperationalError as error:
            if not any(words in str(error) for words in REFUSALS):
                raise
            self.is_pooled = True
            return psycopg2.connect(**self._parameters)
        self.is_pooled = not _has_settings(connection)
        return connection

    def begin(self, connection: sa.Connection) -> None:
        """Set our settings at the start of a transaction, if the connection does not hold them."""
        if self.is_pooled:
            cursor = connection.connection.cursor()
            cursor.execute(self._statement)
            cursor.close()


def engine_for(url: str, *, statement_seconds: float, pool_size: int, writes: bool) -> sa.Engine:
    """A pool of connections to an address.

    Args:
        url: from `shared.settings`.
        statement_seconds: PostgreSQL cancels a statement after this time; 0: never.
        pool_size: connections that stay open.
        writes: of several hosts, connect only to one that accepts writes.
    """
    connector = Connector(url, statement_seconds=statement_seconds, writes=writes)
    shown = shown_url(postgresql_url(url))
    engine = sa.create_engine(
        shown,
        creator=connector,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=CONNECT_SECONDS,
        # Parameters never appear in an error message, since they contain personal data.
        hide_parameters=True,
        use_native_hstore=False,  # we have no such columns, and the driver would ask every new connection for the type
    )
    guard_times(engine)
    sa.event.listen(engine, "begin", connector.begin)
    sa.event.listen(engine, "handle_error", _drop_if_demoted)
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", _check_if_idle)
    return engine


def shown_url(url: StoreUrl) -> sa.URL:
    """The address for SQLAlchemy, which knows only one host; for messages, not for connecting."""
    first = url.hosts[0] if url.hosts else None
    return sa.URL.create(
        "postgresql+psycopg2",
        username=url.user,
        password=url.password,
        host=unquote(first.name.strip("[]")) if first else None,
        port=first.port if first else None,
        database=url.path or None,
        query={**url.options, **({"hosts": ",".join(map(str, url.hosts))} if len(url.hosts) > 1 else {})},
    )


def check_url(name: str, url: str) -> None:
    """Refuse an address with options that PostgreSQL's client does not know.

    Raises:
        ConfigurationError: names the setting, not its value.
    """
    try:
        psycopg2.extensions.make_dsn(**parameters_of(postgresql_url(url), writes=False))
    except psycopg2.Error:
        raise ConfigurationError(
            f"{name}: got an option after the ? that PostgreSQL's client does not know, expected those of libpq"
        ) from None


def parameters_of(url: StoreUrl, *, writes: bool) -> dict[str, Any]:
    """The connection parameters for libpq."""
    given: Mapping[str, Any] = {
        "user": url.user,
        "password": url.password,
        "host": ",".join(unquote(host.name.strip("[]")) for host in url.hosts) or None,
        "port": ",".join(str(host.port or "") for host in url.hosts) if any(host.port for host in url.hosts) else None,
        "dbname": url.path or None,
    }
    ours = {"connect_timeout": CONNECT_SECONDS, "application_name": "warmline"}
    if writes and len(url.hosts) > 1:
        ours["target_session_attrs"] = "read-write"  # the first host may be a standby by now
    return {**ours, **{name: value for name, value in given.items() if value is not None}, **url.options}


def sqlstate_of(error: BaseException | None) -> str:
    """The SQLSTATE of an error; empty if it has none."""
    return str(getattr(error, "pgcode", None) or "")


def says_read_only(error: BaseException | None) -> bool:
    """Whether an error of the driver says that the server is read-only."""
    code = sqlstate_of(error)
    return code == READ_ONLY or (code == NOT_SUPPORTED and RECOVERY in str(error))


def _has_settings(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", (PROOF,))
        (found,) = cursor.fetchone()
    connection.rollback()
    return bool(found == "on")


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _check_if_idle(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Try a connection that was idle; if it is dead, the pool drops all of its age and opens another one."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) <= TRUSTED_SECONDS:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg2.Error as error:
        raise sa.exc.InvalidatePoolError from error


def _drop_if_demoted(context: sa.engine.ExceptionContext) -> None:
    """Make the pool open new connections, since the address may lead to the new primary by now."""
    if says_read_only(context.original_exception):
        context.is_disconnect = True
