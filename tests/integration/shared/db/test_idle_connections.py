"""Connections that PostgreSQL has closed: an idle one is found before its use, and none fails twice."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from shared.db import sessions
from shared.db.engine import Database
from shared.errors import StoreUnavailable
from tests.stores import administrator, store_settings


@pytest.fixture
def own(database_url: str) -> Iterator[Database]:
    opened = Database(store_settings(database_url))
    yield opened
    opened.close()


def ask(database: Database) -> int:
    with database.begin() as connection:
        return int(connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)


def end(server_url: str, pid: int) -> None:
    with administrator(server_url) as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")


def test_an_idle_connection_that_was_closed_is_replaced_without_an_error(
    server_url: str, own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "TRUSTED_SECONDS", -1.0)
    first = ask(own)
    end(server_url, first)
    second = ask(own)
    assert second not in (0, first)
    assert ask(own) == second


def test_one_that_was_used_just_now_fails_once_and_clearly(
    server_url: str, own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "TRUSTED_SECONDS", 60.0)
    first = ask(own)
    end(server_url, first)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        ask(own)
    assert ask(own) not in (0, first)
