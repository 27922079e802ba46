"""What both stores hold after some preparation, done once and copied for each test: quicker than to do it anew."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.databases import database_like, name_of
from tests.flow.deployment import Deployment

MADE_IN = "/2"  # the database of Redis in which templates are made; no test uses it


@dataclass(frozen=True, slots=True, kw_only=True)
class StoresTemplate:
    """A database to be copied, and the keys of Redis that belong to it."""

    database: str
    redis: Mapping[bytes, tuple[int, bytes]]  # by key: milliseconds to live (0: no end), value as Redis dumps it

    @contextmanager
    def copy(self, server_url: str, redis_url: str) -> Iterator[Deployment]:
        """Both stores, in a database of their own and an emptied Redis."""
        with database_like(self.database, server_url) as url:
            deployment = Deployment(database_url=url, redis_url=redis_url)
            self.fill_redis(deployment)
            yield deployment

    def fill_redis(self, deployment: Deployment) -> None:
        """Write the keys into an emptied Redis."""
        with deployment.redis() as client, client.pipeline() as pipe:
            for key, (milliseconds, value) in self.redis.items():
                pipe.restore(key, milliseconds, value)
            pipe.execute()


@contextmanager
def template_of(
    base: str, server_url: str, redis_url: str, prepare: Callable[[Deployment], None]
) -> Iterator[StoresTemplate]:
    """Copy a database and prepare it together with an empty Redis.

    Args:
        base: name of the database.
        server_url: where it is.
        redis_url: where database 2 of Redis is used for the time of the preparation.
        prepare: the preparation; nothing of it may stay connected.
    """
    with database_like(base, server_url) as url:
        deployment = Deployment(database_url=url, redis_url=urlsplit(redis_url)._replace(path=MADE_IN).geturl())
        with deployment.redis() as client:
            client.flushdb()
            prepare(deployment)
            values = {key: (max(0, client.pttl(key)), client.dump(key)) for key in client.scan_iter()}
            client.flushdb()
        yield StoresTemplate(database=name_of(url), redis=values)
