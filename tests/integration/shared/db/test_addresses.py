"""Addresses that libpq understands and SQLAlchemy does not: several hosts, and further options."""

from urllib.parse import urlsplit

import pytest

from shared.db.engine import Database
from shared.errors import StoreUnavailable
from tests.stores import administrator, empty_database, store_settings


def _with_hosts(url: str, *before: str) -> str:
    parts = urlsplit(url)
    user, _, here = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}@{','.join([*before, here])}").geturl()


def _ask(url: str, query: str) -> object:
    database = Database(store_settings(url), statement_seconds=7)
    try:
        with database.begin() as connection:
            return connection.exec_driver_sql(query).scalar()
    finally:
        database.close()


def test_a_host_that_is_down_is_passed_over(database_url: str) -> None:
    assert _ask(_with_hosts(database_url, "127.0.0.1:1"), "SELECT 1") == 1


def test_all_hosts_are_named_when_none_answers_and_no_password() -> None:
    where = r"^PostgreSQL at 127\.0\.0\.1:1,127\.0\.0\.1:2/d does not answer: [^\n]*port 1 [^\n]*port 2 [^\n]*$"
    with pytest.raises(StoreUnavailable, match=where) as met:
        _ask("postgresql://u:topsecret@127.0.0.1:1,127.0.0.1:2/d", "SELECT 1")
    assert "topsecret" not in str(met.value)


def test_of_several_hosts_a_read_only_one_is_not_used(server_url: str) -> None:
    with empty_database(server_url) as url:
        with administrator(server_url) as connection:
            name = url.rpartition("/")[2]
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(StoreUnavailable, match="read-only"):
            _ask(_with_hosts(url, "127.0.0.1:1"), "SELECT 1")


def test_options_of_the_team_are_added_to_ours(database_url: str) -> None:
    url = f"{database_url}?options=-c%20search_path%3Delsewhere&application_name=theirs"
    settings = "concat_ws(',', current_setting('search_path'), current_setting('application_name'))"
    assert _ask(url, f"SELECT {settings}") == "elsewhere,theirs"
    assert _ask(url, "SHOW statement_timeout") == "7s"
    assert _ask(url, "SHOW timezone") == "UTC"
