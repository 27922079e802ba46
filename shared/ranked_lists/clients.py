"""The one place that builds Redis clients, and that turns their errors into ours."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.errors import StoreUnavailable

ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)
JOB_TIMEOUT = timedelta(seconds=10)  # a job would rather wait than fail; a page would rather fall back


def connect(url: str, *, timeout: timedelta = JOB_TIMEOUT) -> redis.Redis:
    """A client for jobs and commands, which waits up to the timeout."""
    seconds = timeout.total_seconds()
    return redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)


def connect_async(url: str, *, budget: timedelta, connections: int = 64) -> redis.asyncio.Redis:
    """A client for the timeline: an answer within the budget or none, never a retry."""
    seconds = budget.total_seconds()
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        max_connections=connections,
        retry=Retry(NoBackoff(), 0),
    )


class Server:
    """The Redis that a URL names, for a protocol of ours: redis-py reads the URL, asyncio opens the connection."""

    def __init__(self, url: str, *, timeout: timedelta) -> None:
        pool = redis.asyncio.ConnectionPool.from_url(url, socket_connect_timeout=timeout.total_seconds())
        self._said: Any = pool.make_connection()  # type: ignore[no-untyped-call]  # never connected: what the URL says

    @property
    def greeting(self) -> list[tuple[str | int, ...]]:
        """What a connection has to say first. In RESP 2 nothing comes that was not asked for."""
        said = self._said
        user = ("AUTH", said.username or "default", said.password or "") if said.username or said.password else ()
        name = ("SETNAME", said.client_name) if said.client_name else ()
        return [("HELLO", 2, *user, *name), ("SELECT", said.db)]

    async def connect(self, protocol: Callable[[], ProtocolT]) -> ProtocolT:
        """A new connection.

        Raises:
            redis.exceptions.ConnectionError: there is none.
        """
        loop, said = asyncio.get_running_loop(), self._said
        try:
            async with asyncio.timeout(said.socket_connect_timeout):
                if isinstance(said, redis.asyncio.UnixDomainSocketConnection):
                    return (await loop.create_unix_connection(protocol, said.path))[1]
                tls = said.ssl_context.get() if isinstance(said, redis.asyncio.SSLConnection) else None
                transport, made = await loop.create_connection(protocol, said.host, said.port, ssl=tls)
        except OSError as error:  # a timeout is one, too
            raise Disconnected(f"no connection: {error or type(error).__name__}") from error
        _keep_alive(transport.get_extra_info("socket"), said.socket_keepalive_options)
        return made


def _keep_alive(tcp: socket.socket, options: Mapping[int, int]) -> None:
    """So that the system notices a server that went without a word, while nothing is asked."""
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in options.items():
        tcp.setsockopt(socket.IPPROTO_TCP, option, value)


@contextmanager
def redis_errors(url: str) -> Iterator[None]:
    """Turn the client's errors into one that names the address and hides the password."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis at {address(url)} does not answer as expected: {error}") from error


def address(url: str) -> str:
    """host:port/db of a URL, without credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or 6379}{parts.path}"
