"""What a list and the catalogue take in a real Valkey, key and overhead included (`MEMORY USAGE`)."""

import uuid
from collections.abc import Callable

import pytest
import redis

from shared.db.engine import Database
from shared.domain import Phase
from shared.ranked_lists import keys
from shared.ranked_lists.job_store import JobStore
from tests.stores import heuristic_run
from tests.worlds import Post, World, write_own_tables

POSTS = 512  # two chunks of the catalogue
USER = str(uuid.UUID(int=1))
Record = Callable[[str, object], None]


@pytest.fixture
def published(database: Database, writer: JobStore, client: redis.Redis) -> redis.Redis:
    posts = [Post(str(uuid.UUID(int=1000 + n)), str(uuid.UUID(int=n % 50 + 100)), n / 4) for n in range(POSTS)]
    write_own_tables(database, World(users=[USER], posts=posts))
    heuristic_run(database, writer)
    return client


def _bytes(client: redis.Redis, name: str) -> int:
    size = client.memory_usage(name, samples=0)
    assert isinstance(size, int)
    return size


def test_a_list_of_200_takes_at_most_two_and_a_half_kib(published: redis.Redis, record_property: Record) -> None:
    size = _bytes(published, keys.ranked_list(Phase.HEURISTIC, USER))
    record_property("bytes_per_list_of_200", size)
    assert size <= 2560


def test_a_post_takes_at_most_128_bytes_of_the_catalogue(published: redis.Redis, record_property: Record) -> None:
    chunks = list(published.scan_iter("wl:posts:*"))
    size = sum(_bytes(published, name.decode()) for name in chunks) / POSTS
    record_property("catalogue_bytes_per_post", size)
    assert size <= 128


def test_everyones_list_of_512_takes_at_most_4_kib(published: redis.Redis, record_property: Record) -> None:
    size = _bytes(published, keys.EVERYONE)
    record_property("bytes_of_everyones_list", size)
    assert size <= 4096
