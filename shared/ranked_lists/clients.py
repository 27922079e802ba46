"""The one place that builds Redis clients, and that turns their errors into ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.errors import StoreUnavailable

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
