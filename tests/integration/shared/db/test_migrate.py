"""`migrate` makes the schema `warmline` and touches nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from shared.content.photos.limits import still_refuses
from shared.db.arrivals import arrived_since
from shared.db.encoding_failures import load_failures
from shared.db.engine import Database
from shared.db.events import Event, store_events
from shared.db.migrate import _config, check_migrated, migrate
from shared.db.phases import installation_id
from shared.db.tables import SCHEMA, metadata
from shared.db.vectors import ContentKind, stored_vectors
from shared.domain import InteractionKind
from shared.errors import StoreUnavailable
from shared.settings import with_driver
from tests.stores import administrator, execute, rows, store_settings

APP = """
CREATE TABLE public.users (id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE public.posts (
    id bigserial PRIMARY KEY, user_id uuid REFERENCES public.users, content text, image text,
    created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz
);
CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE INDEX posts_by_user ON public.posts (user_id);
CREATE SEQUENCE public.fences;
CREATE VIEW public.runs AS SELECT 1 AS id;
INSERT INTO public.users (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'ann');
INSERT INTO public.posts (user_id, content) VALUES ('00000000-0000-0000-0000-000000000001', 'hello');
INSERT INTO public.alembic_version VALUES ('theirs');
"""
CATALOGUE = """
SELECT n.nspname, c.relname, c.relkind, c.relowner, c.relacl::text, a.attname, a.attnum, a.atttypid::regtype::text,
       a.attnotnull, pg_get_expr(d.adbin, d.adrelid), c.oid, c.relfilenode
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname NOT IN ('warmline', 'pg_toast') AND n.nspname !~ '^pg_temp' ORDER BY c.oid, a.attnum
"""
OTHERS = """
SELECT 'namespace', oid, nspname, nspacl::text FROM pg_namespace WHERE nspname NOT IN ('warmline') AND nspname !~ '^pg_'
UNION ALL SELECT 'extension', oid, extname, '' FROM pg_extension
UNION ALL SELECT 'function', p.oid, proname, '' FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', t.oid, tgname, tgrelid::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
          WHERE relnamespace::regnamespace::text <> 'warmline'
ORDER BY 1, 2
"""
ROWS = """
SELECT (SELECT json_agg(u) FROM public.users u)::text, (SELECT json_agg(p) FROM public.posts p)::text,
       (SELECT json_agg(v) FROM public.alembic_version v)::text, (SELECT last_value FROM public.fences)
"""


@pytest.fixture
def empty(fresh_database_url: str) -> Iterator[Database]:
    database = Database(store_settings(fresh_database_url))
    yield database
    database.close()


def _everything_else(url: str) -> list[list[tuple[object, ...]]]:
    with administrator(url) as connection:
        return [[tuple(row) for row in connection.execute(sa.text(query))] for query in (CATALOGUE, OTHERS, ROWS)]


def test_it_touches_nothing_of_an_app_that_has_tables_of_the_same_names(
    empty: Database, fresh_database_url: str
) -> None:
    with administrator(fresh_database_url) as connection:
        connection.execute(sa.text(APP))
    before = _everything_else(fresh_database_url)
    migrate(empty)
    assert _everything_else(fresh_database_url) == before


def test_it_gives_the_revisions_before_and_after(empty: Database) -> None:
    before, after = migrate(empty)
    assert (before, after is not None) == (None, True)


def test_a_second_time_changes_nothing(empty: Database) -> None:
    _, newest = migrate(empty)
    known = installation_id(empty)
    assert (migrate(empty), installation_id(empty)) == ((newest, newest), known)


def test_the_migrations_make_what_the_tables_say(migrated: Database) -> None:
    options = {"include_schemas": True, "version_table_schema": SCHEMA, "include_name": _only_ours}
    with migrated.begin() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def _at_revision(database: Database, revision: str) -> None:
    config = _config()
    with database.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


ACTS = """
INSERT INTO warmline.users VALUES ('ann', '2026-01-09Z');
INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES
    ('ann', 'p', 'view', '2026-01-01Z'), ('eve', 'p', 'view', '2026-01-03Z'), ('eve', 'p', 'like', '2026-01-02Z');
"""


def test_an_upgrade_makes_those_known_who_acted_before(empty: Database) -> None:
    _at_revision(empty, "0005")
    post = "INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('p', 'dan', '2026-01-01Z')"
    execute(empty, f"{ACTS}; {post}")
    migrate(empty)
    days = [("ann", 9), ("dan", 1), ("eve", 2)]
    users = rows(empty, "SELECT id, created_at FROM warmline.users ORDER BY id")
    assert users == [(user, datetime(2026, 1, day, tzinfo=UTC)) for user, day in days]


def test_an_upgrade_keeps_vectors_and_clusters_and_tries_again_what_a_limit_may_have_refused(empty: Database) -> None:
    _at_revision(empty, "0007")
    columns = "post_id, part, source_hash, encoder, vector, failure, fingerprint, cluster"
    put = f"INSERT INTO warmline.post_vectors ({columns})"
    execute(empty, f"{put} VALUES ('good', 'image', 'h', 'e', 'xx', NULL, 'look', 7)")
    execute(empty, f"{put} VALUES ('large', 'image', 'h', 'e', NULL, 'too-many-pixels: 9', NULL, NULL)")
    execute(empty, "INSERT INTO warmline.interactions (user_id, post_id, kind) VALUES ('ann', 'good', 'like')")
    migrate(empty)
    assert stored_vectors(empty, ContentKind.IMAGE, encoder="e") == {"good": "h"}
    assert rows(empty, "SELECT post_id, cluster FROM warmline.photo_fingerprints") == [("good", 7)]
    (failure,) = load_failures(empty, ContentKind.IMAGE).values()
    assert not still_refuses(failure.failure, failure.refused_by, {"too-many-pixels": "40000000 pixels"})
    assert arrived_since(empty, 0) == set(), "what came before the upgrade is scored by the first run, over everybody"


def test_an_upgrade_writes_no_event_anew_and_keeps_the_first_time_from_then_on(empty: Database) -> None:
    """What was repeated before has lost it; the file of the table stays, however large it is."""
    _at_revision(empty, "0012")
    execute(empty, f"{ACTS}; INSERT INTO warmline.posts (id, author_id) VALUES ('p', 'dan')")
    file = "SELECT relfilenode FROM pg_class WHERE oid = 'warmline.interactions'::regclass"
    before = rows(empty, file)
    migrate(empty)
    assert rows(empty, file) == before
    days = "SELECT extract(day FROM created_at), extract(day FROM first_at) FROM warmline.interactions ORDER BY 1"
    assert rows(empty, days) == [(1, None), (2, None), (3, None)]
    at = datetime(2026, 1, 9, tzinfo=UTC)
    store_events(empty, [Event(user_id="ann", post_id="p", kind=InteractionKind.VIEW, at=at)])
    assert rows(empty, days) == [(2, None), (3, None), (9, 1)]


def test_an_upgrade_beside_views_makes_nobody_known(empty: Database) -> None:
    """There the posts are in the view, so our own table is empty."""
    _at_revision(empty, "0005")
    execute(empty, ACTS)
    migrate(empty)
    assert rows(empty, "SELECT id FROM warmline.users") == [("ann",)]


def test_an_upgrade_drops_counts_of_generations_that_nobody_gave_out(empty: Database) -> None:
    _at_revision(empty, "0007")
    execute(empty, "SELECT setval('warmline.fences', 4)")
    execute(empty, "INSERT INTO warmline.feed_counts VALUES ('neucf', 4, 'like', 1), ('neucf', 4294967295, 'like', 9)")
    migrate(empty)
    assert rows(empty, "SELECT generation, events FROM warmline.feed_counts") == [(4, 1)]


def test_a_database_that_was_not_migrated_is_refused(empty: Database) -> None:
    with pytest.raises(StoreUnavailable, match=r"got revision None, expected .*; run `warmline migrate`"):
        check_migrated(empty)


def test_a_role_that_only_owns_the_schema_can_migrate(fresh_database_url: str) -> None:
    """The team's administrator creates the schema; our role may create nothing else."""
    role = sa.engine.make_url(with_driver(fresh_database_url)).database
    with administrator(fresh_database_url) as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'"))
        connection.execute(sa.text(f"CREATE SCHEMA warmline AUTHORIZATION {role}"))
    url = sa.engine.make_url(with_driver(fresh_database_url)).set(username=role, password="secret")
    database = Database(store_settings(url.render_as_string(hide_password=False)))
    try:
        migrate(database)
        check_migrated(database)
    finally:
        database.close()
        with administrator(fresh_database_url) as connection:
            connection.execute(sa.text(f"DROP OWNED BY {role}"))
            connection.execute(sa.text(f"DROP ROLE {role}"))


def _only_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "schema" or name == SCHEMA
