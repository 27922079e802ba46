"""What the integration tests share: databases that are emptied before each test, runs, and what Redis holds."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import redis
import sqlalchemy as sa

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.db.tables import metadata
from shared.db.tombstones import bury
from shared.domain import Phase
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.job_store import JobStore
from shared.settings import StoreSettings, with_driver
from tests.databases import EMPTY, database_like
from tests.worlds import NOW, job_settings

KEEP_FOR = timedelta(hours=72)


def store_settings(database_url: str, **changes: object) -> StoreSettings:
    """Settings for a database; Redis' address is not used by it."""
    given = {"database_url": database_url, "redis_url": "redis://127.0.0.1:1", **changes}
    return StoreSettings.model_validate(given)


@contextmanager
def administrator(url: str) -> Iterator[sa.Connection]:
    """A connection of the databases' owner in autocommit mode."""
    engine = sa.create_engine(with_driver(url), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def empty_database(server_url: str) -> AbstractContextManager[str]:
    """The URL of a database that exists during the block."""
    return database_like(EMPTY, server_url)


def forget_everything(database: Database) -> None:
    """Empty all tables of the schema `warmline`; rows begin at 1 again, fences and versions go on."""
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "installation":
                connection.execute(table.delete())  # quicker than TRUNCATE where there is little
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('warmline.post_rows', 'row'), 1, false)"))


def execute(database: Database, statement: str, **values: object) -> None:
    """One statement in our own PostgreSQL."""
    with database.begin() as connection:
        connection.execute(sa.text(statement), values)


def bury_in(database: Database, relation: str, *ids: str) -> None:
    """Insert tombstones, as deletes and erasures do."""
    with database.begin() as connection:
        bury(connection, relation, ids)


def scalar(database: Database, query: str, **values: object) -> Any:
    """One value of our own PostgreSQL."""
    with database.begin() as connection:
        return connection.scalar(sa.text(query), values)


def rows(database: Database, query: str, **values: object) -> list[tuple[Any, ...]]:
    """All rows of a query in our own PostgreSQL."""
    with database.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]


def claimed_run(database: Database, job: str = JOB, *, worker: str = "test") -> Run:
    """Ask for a run and claim it."""
    request_run(database, job, by="test")
    run = claim_run(database, job, worker=worker)
    assert run is not None
    return run


def heuristic_run(
    database: Database, writer: JobStore, settings: JobSettings | None = None, *, now: datetime = NOW
) -> Mapping[str, Any]:
    """One whole heuristic run: asked for, claimed, done, finished."""
    run = claimed_run(database)
    try:
        report = run_heuristic(database, writer, settings or job_settings(), run, now)
    except BaseException as error:
        finish_run(database, run, error=str(error))
        raise
    assert finish_run(database, run, report=report)
    return report


class Held:
    """What Redis holds, decoded."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def list_of(self, user: str) -> RankedList:
        """A user's heuristic list."""
        return codec.decode(self._value(keys.ranked_list(Phase.HEURISTIC, user)))

    def everyone(self) -> RankedList:
        """Everyone's list."""
        return codec.decode(self._value(keys.EVERYONE))

    def posts_of(self, ranked: RankedList) -> list[str]:
        """The ids of a list's posts, by the catalogue that was published with it."""
        return [self.post(row).post_id for row in codec.post_numbers_of(ranked.entries)]

    def entries_of(self, ranked: RankedList) -> list[tuple[str, str, float]]:
        """Post, reason and score of each entry."""
        each = (codec.entry_at(ranked.entries, place) for place in range(len(ranked)))
        return [(self.post(row).post_id, reason, score) for row, reason, score in each]

    def post(self, row: int) -> records.CatalogueEntry:
        """The catalogue entry of a post number."""
        value = self.client.hget(keys.chunk(keys.chunk_of(row)), str(row))
        assert isinstance(value, bytes), f"row {row} is not in the catalogue"
        return records.unpack_post(row, value)

    def deleted(self) -> set[int]:
        """The rows withheld from every page."""
        rows = cast(list[bytes], self.client.zrange(keys.DELETED, 0, -1))
        return {int(row) for row in rows}

    def dump(self) -> dict[str, bytes]:
        """Each key that begins with `wl:list` or is everyone's list, with its bytes."""
        names = sorted([*self.client.scan_iter("wl:list:*"), *self.client.scan_iter("wl:everyone")])
        return {name.decode(): self._value(name) for name in names}

    def _value(self, key: str | bytes) -> bytes:
        value = self.client.get(key)
        assert isinstance(value, bytes), f"{key!r} is not there"
        return value
