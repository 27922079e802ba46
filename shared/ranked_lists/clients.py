"""The only place that builds Redis clients, and turns their errors into ours."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis import DriverInfo
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TimedOut
from redis.retry import Retry

from shared.errors import StoreHangs, StoreUnavailable

ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)
_QUOTED_COMMAND = re.compile(r"Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)
# What connections say about their client. redis-py would read its version from the disk for each of them.
_DRIVER = DriverInfo(lib_version=redis.__version__)
JOB_TIMEOUT = timedelta(seconds=10)  # a job waits rather than fails; a page falls back instead


def connect(url: str, *, timeout: timedelta = JOB_TIMEOUT) -> redis.Redis:
    """A client for jobs and commands; it waits up to the timeout."""
    seconds = timeout.total_seconds()
    return redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, driver_info=_DRIVER)


def connect_async(url: str, *, budget: timedelta, connections: int = 64) -> redis.asyncio.Redis:
    """A client for the timeline: answers within the budget or not at all, without retries."""
    seconds = budget.total_seconds()
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        max_connections=connections,
        retry=Retry(NoBackoff(), 0),
        driver_info=_DRIVER,
    )


class Endpoint:
    """The Redis at a URL, for our own asyncio protocol: redis-py parses the URL, asyncio opens the connection."""

    def __init__(self, url: str, *, timeout: timedelta) -> None:
        pool = redis.asyncio.ConnectionPool.from_url(
            url, socket_connect_timeout=timeout.total_seconds(), driver_info=_DRIVER
        )
        self._settings: Any = pool.make_connection()  # type: ignore[no-untyped-call]  # never connected, only read

    @property
    def greeting(self) -> list[tuple[str | int, ...]]:
        """The first commands of every connection. RESP 2, since there the server sends answers only."""
        given = self._settings
        user = ("AUTH", given.username or "default", given.password or "") if given.username or given.password else ()
        name = ("SETNAME", given.client_name) if given.client_name else ()
        return [("HELLO", 2, *user, *name), ("SELECT", given.db)]

    async def connect(self, protocol: Callable[[], ProtocolT]) -> ProtocolT:
        """A new connection.

        Raises:
            redis.exceptions.ConnectionError: it failed, or took longer than the timeout.
        """
        try:
            async with asyncio.timeout(self._settings.socket_connect_timeout):
                return await self._connect(protocol)
        except OSError as error:  # a timeout is one, too
            raise Disconnected(f"no connection: {str(error) or 'no answer in time'}") from error

    async def _connect(self, protocol: Callable[[], ProtocolT]) -> ProtocolT:
        loop, given = asyncio.get_running_loop(), self._settings
        if isinstance(given, redis.asyncio.UnixDomainSocketConnection):
            return (await loop.create_unix_connection(protocol, given.path))[1]
        tls = given.ssl_context.get() if isinstance(given, redis.asyncio.SSLConnection) else None
        transport, connected = await loop.create_connection(protocol, given.host, given.port, ssl=tls)
        _keep_alive(transport.get_extra_info("socket"), given.socket_keepalive_options)
        return connected


def _keep_alive(tcp: socket.socket, options: Mapping[int, int]) -> None:
    """Let the operating system detect that the server of an idle connection is gone."""
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in options.items():
        tcp.setsockopt(socket.IPPROTO_TCP, option, value)


@contextmanager
def redis_errors(url: str) -> Iterator[None]:
    """Turn the client's errors into ours, with the address but without the password."""
    try:
        yield
    except (RedisError, OSError) as error:
        kind = StoreHangs if isinstance(error, TimedOut | TimeoutError) else StoreUnavailable
        raise kind(f"Redis at {address(url)} does not answer as expected: {said_by(error)}") from error


def said_by(error: Exception) -> str:
    """An error's text without the command that redis-py quotes in it: its keys hold users' ids."""
    return _QUOTED_COMMAND.sub("", str(error))


def address(url: str) -> str:
    """host:port/db of a URL, without credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or 6379}{parts.path}"
