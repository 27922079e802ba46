"""A world is staged once per home, and another one is not taken for it."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from rich.console import Console

from demo import database
from demo.errors import DemoError
from demo.options import read_options
from demo.services import ProcessEnvironment
from demo.sources import Source, source_of
from demo.world import DemoUsers
from demo.world_setup import PreparedWorld, set_up_world
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.settings import StoreSettings, load_settings

CAST = DemoUsers(**dict.fromkeys(DemoUsers.__dataclass_fields__, "someone"))


@pytest.fixture
def staged_url(fresh_database_url: str, redis_url: str) -> str:
    opened = Database(load_settings(StoreSettings, database_url=fresh_database_url, redis_url=redis_url))
    migrate(opened)
    opened.close()
    with database.transaction(fresh_database_url) as cursor:
        cursor.execute("INSERT INTO warmline.users (id, created_at) VALUES ('someone', %s)", (datetime.now(UTC),))
    return fresh_database_url


@pytest.fixture
def films() -> Source:
    return source_of(read_options([], {}))


def _home(folder: Path, *, source: str | None) -> ProcessEnvironment:
    """A home with the record of an earlier start; None: of a version that did not name its source."""
    prepared = PreparedWorld(cast=CAST, users=1, posts=0, interactions=0, blocks=0, how="made", seconds=1.0)
    record = asdict(prepared) | {"source": source}
    if source is None:
        del record["source"]
    (folder / "world").mkdir()
    (folder / "world" / "world.json").write_text(json.dumps(record))
    return ProcessEnvironment(environment={}, home=folder)


def test_a_world_of_something_else_is_not_taken_for_this_one(tmp_path: Path, staged_url: str, films: Source) -> None:
    with pytest.raises(DemoError, match="made from other data"):
        set_up_world(Console(quiet=True), _home(tmp_path, source="photos 1"), staged_url, films)


@pytest.mark.parametrize("source", ["movielens", None])
def test_the_same_world_is_not_made_again(tmp_path: Path, staged_url: str, films: Source, source: str | None) -> None:
    prepared = set_up_world(
        Console(quiet=True), _home(tmp_path, source=source), staged_url, replace(films, make=_refuse)
    )
    assert prepared.how.startswith("reused")


def _refuse(_now: datetime) -> NoReturn:
    raise AssertionError("made again")
