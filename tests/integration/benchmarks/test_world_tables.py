"""A synthetic world in PostgreSQL: the same through Warmline's tables and through views over an app's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.world.fill import VIEWS, fill_app_tables, fill_own_tables
from benchmarks.world.shape import Size, World, make_world
from benchmarks.world.vectors import Encoding, fill_vectors
from shared.content.encoders.captions import caption_hash
from shared.db.bulk import load_block_pairs, load_post_lives
from shared.db.bulk_events import load_events
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.vectors import ContentKind, load_content, load_vectors, stored_vectors
from shared.event_columns import Events
from tests.stores import scalar, store_settings

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SIZE = Size(users=300, posts=200, interactions=2_500, blocks=20, days=30, topics=8)


@pytest.fixture
def world() -> World:
    return make_world(SIZE, seed=5, now=NOW)


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    database = Database(store_settings(fresh_database_url))
    migrate(database)
    yield database
    database.close()


def test_both_data_modes_hold_the_same_world(database: Database, fresh_database_url: str, world: World) -> None:
    own = fill_own_tables(fresh_database_url, world)
    app = fill_app_tables(fresh_database_url, world)
    assert own == app
    assert (own.users, own.posts, own.interactions, own.blocks) == (300, 200, 2_500, 20)
    of_tables = _everything(database)
    with database.begin() as connection:
        connection.exec_driver_sql("TRUNCATE warmline.interactions, warmline.blocks")  # events of the API stand there
    of_views = Database(store_settings(fresh_database_url, source_schema=VIEWS))
    assert _everything(of_views) == of_tables
    assert len(of_tables[0]) == SIZE.interactions
    of_views.close()


def test_the_indexes_of_the_interactions_are_made_again(
    database: Database, fresh_database_url: str, world: World
) -> None:
    count = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'warmline' AND tablename = 'interactions'"
    before = scalar(database, count)
    fill_own_tables(fresh_database_url, world)
    assert scalar(database, count) == before > 0
    fill_own_tables(fresh_database_url, world, indexes=False)
    assert scalar(database, count) == 0


def test_vectors_are_those_of_the_posts_and_current(database: Database, fresh_database_url: str, world: World) -> None:
    fill_own_tables(fresh_database_url, world)
    encoding = Encoding(part=ContentKind.CAPTION, encoder="made-up 1", width=16)
    assert fill_vectors(fresh_database_url, world, [encoding]) == SIZE.posts
    stored = stored_vectors(database, ContentKind.CAPTION, encoder="made-up 1")
    with database.read() as snapshot:
        captions = {post.post_id: post.caption for post in load_content(snapshot, now=NOW)}
        column = load_vectors(snapshot, ContentKind.CAPTION, encoder="made-up 1", width=16)
    assert stored == {post: caption_hash(caption) for post, caption in captions.items()}
    assert column.values.shape == (SIZE.posts, 16)
    assert np.linalg.norm(column.values.astype(np.float32), axis=1) == pytest.approx(1.0, abs=0.01)


def _everything(database: Database) -> tuple[list[tuple[object, ...]], ...]:
    with database.read() as snapshot:
        events = load_events(snapshot, since=LONG_AGO, now=NOW)
        posts, blocks = load_post_lives(snapshot, now=NOW), load_block_pairs(snapshot)
    return (
        _rows(events),
        sorted(zip(posts.id_hashes.tolist(), posts.author_id_hashes.tolist(), posts.created_at.tolist(), strict=True)),
        sorted(zip(blocks.user_id_hashes.tolist(), blocks.blocked_id_hashes.tolist(), blocks.at.tolist(), strict=True)),
    )


def _rows(events: Events) -> list[tuple[object, ...]]:
    return sorted(
        zip(
            events.user_id_hashes.tolist(),
            events.post_id_hashes.tolist(),
            events.kinds.tolist(),
            events.at.tolist(),
            strict=True,
        )
    )
