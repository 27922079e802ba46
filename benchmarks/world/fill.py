"""Streams a world into Warmline's own tables, or into an app's tables with the four views over them."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a small name

from benchmarks.world import columns, events
from benchmarks.world.binary import packed, times
from benchmarks.world.events import KINDS, Block
from benchmarks.world.ids import Bytes, texts
from benchmarks.world.shape import World
from shared.db.tables import interactions

APP, VIEWS = "app", "app_views"  # schemas of the app's tables, and of the views over them
SORT_MEMORY = "256MB"  # for making indexes

# As an app keeps its data: UUIDs, a table for each thing that people do.
_APP_TABLES = f"""
    DROP SCHEMA IF EXISTS {VIEWS} CASCADE; DROP SCHEMA IF EXISTS {APP} CASCADE;
    CREATE SCHEMA {APP}; CREATE SCHEMA {VIEWS};
    CREATE TABLE {APP}.users (id uuid PRIMARY KEY, created_at timestamptz NOT NULL);
    CREATE TABLE {APP}.posts (id uuid PRIMARY KEY, user_id uuid NOT NULL, content text, image_url text,
      created_at timestamptz NOT NULL, deleted_at timestamptz);
    CREATE TABLE {APP}.user_blocks (blocker_id uuid, blocked_id uuid, created_at timestamptz NOT NULL,
      PRIMARY KEY (blocker_id, blocked_id));
    """
_APP_EVENTS = """
    CREATE TABLE {table} (user_id uuid NOT NULL, post_id uuid NOT NULL, created_at timestamptz NOT NULL);
    """
_APP_VIEWS = f"""
    CREATE VIEW {VIEWS}.users AS SELECT id::text AS id, created_at FROM {APP}.users;
    CREATE VIEW {VIEWS}.posts AS SELECT id::text AS id, user_id::text AS author_id, coalesce(content, '') AS caption,
      image_url, created_at, deleted_at FROM {APP}.posts;
    CREATE VIEW {VIEWS}.blocks AS SELECT blocker_id::text AS user_id, blocked_id::text AS blocked_user_id, created_at
      FROM {APP}.user_blocks;
    """
_APP_INDEXES = """
    CREATE INDEX ON {table} (created_at); CREATE INDEX ON {table} (user_id, created_at);
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was written."""

    users: int
    posts: int
    interactions: int
    blocks: int

    @property
    def total(self) -> int:
        """Rows of all four."""
        return self.users + self.posts + self.interactions + self.blocks


def fill_own_tables(database_url: str, world: World, *, indexes: bool = True) -> Filled:
    """Replace the four relations in the schema `warmline` (migrated before).

    Args:
        database_url: without a driver's name.
        world: what is written.
        indexes: make the indexes of the interactions again at the end; a benchmark that reads whole tables does not
            need them, and they take longer than everything else.
    """
    with _transaction(database_url) as cursor:
        cursor.execute("TRUNCATE warmline.users, warmline.posts, warmline.interactions, warmline.blocks")
        made = _index_statements(cursor)
        for name in made:
            cursor.execute(f'DROP INDEX warmline."{name}"')
        filled = Filled(
            users=copy_parts(cursor, "warmline.users (id, created_at)", _users(world, as_text=True)),
            posts=copy_parts(
                cursor,
                "warmline.posts (id, author_id, caption, image_url, created_at, deleted_at)",
                _posts(world, as_text=True),
            ),
            interactions=copy_parts(
                cursor, "warmline.interactions (user_id, post_id, kind, created_at)", _events_as_text(world)
            ),
            blocks=copy_parts(
                cursor, "warmline.blocks (user_id, blocked_user_id, created_at)", _blocks(world, as_text=True)
            ),
        )
        for statement in made.values() if indexes else ():
            cursor.execute(statement)
    _analyze(database_url)
    return filled


def fill_app_tables(database_url: str, world: World, *, indexes: bool = True) -> Filled:
    """Replace the schemas `app` (tables with UUIDs) and `app_views` (the four relations over them)."""
    tables = {kind: f"{APP}.{kind}s" for kind in KINDS}
    with _transaction(database_url) as cursor:
        cursor.execute(_APP_TABLES)
        for table in tables.values():
            cursor.execute(_APP_EVENTS.format(table=table))
        cursor.execute(_APP_VIEWS)
        union = " UNION ALL ".join(
            f"SELECT user_id::text AS user_id, post_id::text AS post_id, '{kind}'::text AS kind, created_at"
            f" FROM {table}"
            for kind, table in tables.items()
        )
        cursor.execute(f"CREATE VIEW {VIEWS}.interactions AS {union}")
        filled = Filled(
            users=copy_parts(cursor, f"{APP}.users", _users(world, as_text=False)),
            posts=copy_parts(cursor, f"{APP}.posts", _posts(world, as_text=False)),
            interactions=_copy_app_events(cursor, world, list(tables.values())),
            blocks=copy_parts(cursor, f"{APP}.user_blocks", _blocks(world, as_text=False)),
        )
        for table in tables.values() if indexes else ():
            cursor.execute(_APP_INDEXES.format(table=table))
    _analyze(database_url)
    return filled


def _users(world: World, *, as_text: bool) -> Iterator[tuple[int, bytes]]:
    for rows in columns.users_of(world):
        ids = _ids(columns.user_uuids(world, rows.numbers), as_text=as_text)
        yield len(ids), packed(len(ids), [ids, times(rows.created_at)])


def _posts(world: World, *, as_text: bool) -> Iterator[tuple[int, bytes]]:
    for rows in columns.posts_of(world):
        ids = _ids(columns.post_uuids(world, rows.numbers), as_text=as_text)
        authors = _ids(columns.user_uuids(world, rows.authors), as_text=as_text)
        yield len(ids), packed(len(ids), [ids, authors, rows.captions, rows.image_urls, times(rows.created_at), None])


def _blocks(world: World, *, as_text: bool) -> Iterator[tuple[int, bytes]]:
    for rows in columns.blocks_of(world):
        ids = [_ids(columns.user_uuids(world, numbers), as_text=as_text) for numbers in (rows.users, rows.blocked)]
        yield len(rows.users), packed(len(rows.users), [*ids, times(rows.created_at)])


def _events_as_text(world: World) -> Iterator[tuple[int, bytes]]:
    """Rows of one kind have one width, so that a block is packed kind by kind."""
    for block in events.blocks_of(world):
        users, posts, at = _event_columns(world, block)
        users, posts = texts(users), texts(posts)
        for code, kind in enumerate(KINDS):
            of_kind = np.flatnonzero(block.kinds == code)
            if len(of_kind):
                yield len(of_kind), packed(len(of_kind), [users[of_kind], posts[of_kind], kind.encode(), at[of_kind]])


def _copy_app_events(cursor: Cursor, world: World, tables: list[str]) -> int:
    written = 0
    for block in events.blocks_of(world):
        users, posts, at = _event_columns(world, block)
        for code, table in enumerate(tables):
            of_kind = np.flatnonzero(block.kinds == code)
            if len(of_kind):
                written += copy_parts(
                    cursor, table, [(len(of_kind), packed(len(of_kind), [users[of_kind], posts[of_kind], at[of_kind]]))]
                )
    return written


def _event_columns(
    world: World, block: Block
) -> tuple[Bytes, Bytes, "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"]:
    return columns.user_uuids(world, block.users), columns.post_uuids(world, block.posts), times(block.at)


def _ids(raw: Bytes, *, as_text: bool) -> Bytes:
    return texts(raw) if as_text else raw


def copy_parts(cursor: Cursor, table: str, parts: Iterable[tuple[int, bytes]]) -> int:
    """A COPY for each part, so that no more than one is held in memory."""
    written = 0
    for count, part in parts:
        cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT binary)", io.BytesIO(part))
        written += count
    return written


def _index_statements(cursor: Cursor) -> dict[str, str]:
    """Name and statement of each index of the interactions."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'warmline' AND tablename = %s",
        (interactions.name,),
    )
    return dict(cursor.fetchall())


@contextmanager
def _transaction(database_url: str) -> Iterator[Cursor]:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL maintenance_work_mem = '{SORT_MEMORY}'")
            yield cursor
    finally:
        connection.close()


def _analyze(database_url: str) -> None:
    """Visibility and statistics, as autovacuum would soon bring them."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    finally:
        connection.close()
