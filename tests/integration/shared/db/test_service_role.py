"""The role of the services, as compose and the demo create it: it has the rights that they need, and no more."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from shared.db.engine import Database
from shared.db.erasure import erase_user
from shared.db.events import Event, store_events
from shared.db.imports import merge_rows
from shared.db.migrate import check_migrated, migrate
from shared.db.newest import newest_posts
from shared.db.tables import metadata
from shared.db.writes import delete_post, put_block
from shared.domain import InteractionKind
from shared.errors import SourceError
from shared.ranked_lists.job_store import JobStore
from shared.settings import with_driver
from tests.stores import Held, administrator, empty_database, heuristic_run, scalar, store_settings
from tests.worlds import NOW, TEN_POSTS, write_own_tables

SCRIPT = (Path(__file__).parents[4] / "postgres_server" / "service_role.sql").read_text(encoding="utf-8")
PASSWORD = "it's a secret"


def make_role(url: str, *, password: str = PASSWORD, source_schema: str = "") -> None:
    """As the superuser, by the script."""
    with administrator(url) as connection:
        for name, value in (("password", password), ("source_schema", source_schema)):
            connection.execute(
                sa.text("SELECT set_config(:name, :value, false)"), {"name": f"warmline_role.{name}", "value": value}
            )
        connection.exec_driver_sql(SCRIPT.replace("%", "%%"))


def as_role(url: str) -> str:
    address = sa.engine.make_url(with_driver(url)).set(username="warmline_app", password=PASSWORD)
    return address.render_as_string(hide_password=False)


@pytest.fixture
def url(server_url: str) -> Iterator[str]:
    """The superuser's address of an empty database."""
    with empty_database(server_url) as url:
        yield url


@pytest.fixture
def service(url: str) -> Iterator[Database]:
    """An empty database, for the role."""
    make_role(url)
    with closing(Database(store_settings(as_role(url)))) as database:
        yield database


@pytest.fixture(scope="module")
def app_url(server_url: str) -> Iterator[str]:
    """The superuser's address of a database that contains tables of another owner."""
    with empty_database(server_url) as url:
        make_role(url)
        with administrator(url) as connection:
            connection.exec_driver_sql("CREATE SCHEMA app; CREATE TABLE app.people (id int)")
        yield url


def live(database: Database, writer: JobStore) -> None:
    """What services and operators do in PostgreSQL."""
    merge_rows(database, "users", [("eve", "2026-01-01T00:00:00Z", None)])
    heuristic_run(database, writer)
    newest_posts(database, now=NOW, limit=5)
    store_events(database, [Event(user_id="ann", post_id="p3", kind=InteractionKind.LIKE, at=NOW)])
    put_block(database, "cat", "ann")
    delete_post(database, "p2")
    erase_user(database, "ben")
    heuristic_run(database, writer, now=NOW + timedelta(minutes=5))


def test_it_may_do_all_that_the_services_do(service: Database, writer: JobStore, held: Held) -> None:
    migrate(service)
    write_own_tables(service, TEN_POSTS)
    live(service, writer)
    assert set(held.posts_of(held.everyone())) == {"p1", "p5", "p6", "p7", "p10"}


def test_it_may_do_so_in_what_the_superuser_made_before(url: str, writer: JobStore, held: Held) -> None:
    with closing(Database(store_settings(url))) as before:
        migrate(before)
        write_own_tables(before, TEN_POSTS)
        heuristic_run(before, writer)
    make_role(url)
    with closing(Database(store_settings(as_role(url)))) as service:
        check_migrated(service)
        live(service, writer)
        others = "relnamespace = 'warmline'::regnamespace AND relowner <> 'warmline_app'::regrole"
        assert scalar(service, f"SELECT count(*) FROM pg_class WHERE {others}") == 0
        metadata.drop_all(service.own.engine)  # as a later migration may
    assert "p1" in held.posts_of(held.everyone())


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE other",
        "CREATE DATABASE other",
        "ALTER ROLE warmline_app SUPERUSER",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE TABLE public.mine (id int)",
        "SELECT * FROM app.people",
        "CREATE TABLE app.mine (id int)",
        "DROP SCHEMA app CASCADE",
        "SET session_replication_role = replica",
        "ALTER SYSTEM SET fsync = off",
    ],
)
def test_it_may_do_nothing_else(app_url: str, statement: str) -> None:
    with administrator(as_role(app_url)) as connection, pytest.raises(ProgrammingError) as refused:
        connection.exec_driver_sql(statement)
    assert isinstance(refused.value.orig, psycopg2.errors.InsufficientPrivilege)


def test_doing_it_again_changes_the_password_and_no_more(url: str, service: Database) -> None:
    migrate(service)
    make_role(url, password="another one")
    make_role(url)
    with closing(Database(store_settings(as_role(url)))) as again:
        check_migrated(again)


def test_without_a_password_nothing_is_done(url: str) -> None:
    with closing(Database(store_settings(url))) as before:
        migrate(before)
        make_role(url, password="")
        owner = "SELECT nspowner = current_user::regrole FROM pg_namespace WHERE nspname = 'warmline'"
        assert scalar(before, owner)


def test_it_may_read_the_teams_views_in_the_same_database(url: str) -> None:
    with administrator(url) as connection:
        connection.exec_driver_sql('CREATE SCHEMA "Views"; CREATE VIEW "Views".users AS SELECT 1 AS id')
    make_role(url, source_schema="Views")
    with closing(Database(store_settings(as_role(url)))) as service:
        assert scalar(service, 'SELECT id FROM "Views".users') == 1
        with pytest.raises(SourceError, match="must be owner of view users"):
            scalar(service, 'DROP VIEW "Views".users')
