"""A migrated database, emptied before each test, an emptied Valkey, and the command on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.ranked_lists.job_store import JobStore
from tests.integration.warmline.answers import Answer, Command
from tests.integration.warmline.teams import Team, doctor_of, team_in
from tests.stores import KEEP_FOR, empty_database, forget_everything, store_settings
from warmline.__main__ import main


@pytest.fixture(scope="package")
def migrated_url(server_url: str) -> Iterator[str]:
    """The address of a migrated database."""
    with empty_database(server_url) as url:
        database = Database(store_settings(url))
        migrate(database)
        database.close()
        yield url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """The migrated database, without a row."""
    database = Database(store_settings(migrated_url))
    forget_everything(database)
    yield database
    database.close()


@pytest.fixture
def writer(fresh_redis: str) -> Iterator[JobStore]:
    """The writing side of an empty Valkey."""
    writer = JobStore(fresh_redis, keep_for=KEEP_FOR)
    yield writer
    writer.close()


@pytest.fixture
def warmline(
    migrated_url: str,
    database: Database,
    fresh_redis: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Command:
    """The command, its settings naming these servers; further settings and arguments are the test's."""
    monkeypatch.chdir(tmp_path)  # where no .env lies
    monkeypatch.setenv("WARMLINE_DATABASE_URL", migrated_url)
    monkeypatch.setenv("WARMLINE_REDIS_URL", fresh_redis)

    def call(*arguments: str, **settings: str) -> Answer:
        for name, value in settings.items():
            monkeypatch.setenv(f"WARMLINE_{name.upper()}", value)
        capsys.readouterr()
        code = main(list(arguments))
        printed = capsys.readouterr()
        return Answer(code=code, out=printed.out, err=printed.err)

    return call


@pytest.fixture(scope="package")
def empty_team(server_url: str) -> Iterator[Team]:
    """A team that has no table yet."""
    with empty_database(server_url) as url, team_in(url) as team:
        yield team


@pytest.fixture
def team(empty_team: Team) -> Team:
    """Tables, views and a role without a fault."""
    empty_team.begin()
    return empty_team


@pytest.fixture
def doctor(warmline: Command, team: Team) -> Command:
    """The doctor's answer about the team's views."""
    return doctor_of(warmline, team)


@pytest.fixture
def client(fresh_redis: str) -> Iterator[redis.Redis]:
    """A plain client of the same Valkey."""
    with redis.Redis.from_url(fresh_redis) as client:
        yield client
