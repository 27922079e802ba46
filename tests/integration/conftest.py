"""A migrated database, emptied before each test; an emptied Valkey; the writing side of it."""

from collections.abc import Iterator

import pytest
import redis

from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.ranked_lists.job_store import JobStore
from tests.stores import KEEP_FOR, Held, empty_database, forget_everything, store_settings


@pytest.fixture(scope="session")
def migrated(server_url: str) -> Iterator[Database]:
    """A migrated database for the whole session."""
    with empty_database(server_url) as url:
        database = Database(store_settings(url))
        migrate(database)
        yield database
        database.close()


@pytest.fixture
def database(migrated: Database) -> Database:
    """The migrated database, without a row."""
    forget_everything(migrated)
    return migrated


@pytest.fixture
def writer(fresh_redis: str) -> Iterator[JobStore]:
    """The writing side of an empty Valkey."""
    writer = JobStore(fresh_redis, keep_for=KEEP_FOR)
    yield writer
    writer.close()


@pytest.fixture
def client(fresh_redis: str) -> Iterator[redis.Redis]:
    """A plain client of the same Valkey."""
    with redis.Redis.from_url(fresh_redis) as client:
        yield client


@pytest.fixture
def held(client: redis.Redis) -> Held:
    """What Valkey holds."""
    return Held(client)
