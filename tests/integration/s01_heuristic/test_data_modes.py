"""Both data modes: our own tables, or the guide's views in the team's database, read by a role that may only read."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

from s02_train_neucf.data.load import load_training_data
from shared.content.encode_posts import build_encoders
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.settings import ContentSettings
from shared.db.bulk import load_all_posts, load_block_pairs, load_post_lives
from shared.db.bulk_events import load_events
from shared.db.engine import Database
from shared.db.id_hashes import load_id_hashes
from shared.db.migrate import migrate
from shared.db.post_rows import assign_post_numbers, transaction_snapshot
from shared.db.vectors import load_content
from shared.db.writes import delete_post, put_block
from shared.domain import InteractionKind
from shared.errors import SourceError, StoreUnavailable
from shared.ranked_lists.job_store import JobStore
from shared.settings import RetentionSettings
from tests.apps import VIEWS, App, app_of
from tests.encoders import built_once
from tests.stores import Held, administrator, bury_in, empty_database, execute, heuristic_run, store_settings
from tests.worlds import NOW, TEN_POSTS, TEN_POSTS_LISTS, Event, World, uuid_of, with_uuids, write_own_tables

WORLD = with_uuids(TEN_POSTS)
# The views bring likes and comments; the other kinds come by the API and stand in our own tables.
BY_THE_API = World(
    events=[event for event in WORLD.events if event.kind not in (InteractionKind.LIKE, InteractionKind.COMMENT)]
)


@pytest.fixture(scope="module")
def app(server_url: str) -> Iterator[App]:
    with empty_database(server_url) as url, app_of(url, WORLD) as app:
        yield app


@pytest.fixture
def own_url(database: Database) -> str:
    return database.own.engine.url.render_as_string(hide_password=False)


# Rows that name nobody: with every kind of unusable id in every column, the others being a user's and a post's.
_IDS = "(VALUES (NULL), (''), (' '), (' u3'), (E'u3\\n'), (repeat('x', 129))) AS unusable(id)"
_USER, _POST, _AT = f"'{uuid_of('ann')}'", f"'{uuid_of('p1')}'", f"'{NOW.isoformat()}'::timestamptz"
UNUSABLE = {
    "users": f"SELECT id, {_AT} FROM {_IDS}",
    "posts": f"""
        SELECT id, {_USER}, 'c', NULL, {_AT}, NULL FROM {_IDS}
        UNION ALL SELECT 'of nobody ' || coalesce(md5(id), ''), id, 'c', NULL, {_AT}, NULL FROM {_IDS}
        """,
    "interactions": f"""
        SELECT id, {_POST}, kind, {_AT} FROM {_IDS}, unnest('{{{{view,like,hide}}}}'::text[]) AS kind
        UNION ALL SELECT {_USER}, id, kind, {_AT} FROM {_IDS}, unnest('{{{{like,hide}}}}'::text[]) AS kind
        """,
    "blocks": f"SELECT id, {_USER}, {_AT} FROM {_IDS} UNION ALL SELECT {_USER}, id, {_AT} FROM {_IDS}",
}


def _over_views(own_url: str, app: App, schema: str = VIEWS) -> closing[Database]:
    return closing(Database(store_settings(own_url, source_url=app.reader_url, source_schema=schema)))


@pytest.fixture
def viewing(own_url: str, app: App) -> Iterator[Database]:
    with _over_views(own_url, app) as database:
        write_own_tables(database, BY_THE_API)
        yield database


def _entries(held: Held) -> dict[str, bytes]:
    lists = {user: held.list_of(uuid_of(user)).entries for user in TEN_POSTS.users}
    return {**lists, "everyone": held.everyone().entries}


def test_views_in_another_database_give_the_same_bytes_as_own_tables(
    database: Database, writer: JobStore, held: Held, own_url: str, app: App
) -> None:
    write_own_tables(database, WORLD)
    heuristic_run(database, writer)
    of_tables = _entries(held)
    for relation in ("users", "posts", "interactions", "blocks", "post_rows"):
        execute(database, f"TRUNCATE warmline.{relation} RESTART IDENTITY")
    held.client.flushdb()
    with _over_views(own_url, app) as viewing:
        write_own_tables(viewing, BY_THE_API)
        heuristic_run(viewing, writer)
    assert _entries(held) == of_tables


def test_views_in_another_database_give_the_lists_on_paper(viewing: Database, writer: JobStore, held: Held) -> None:
    heuristic_run(viewing, writer)
    got = {user: held.posts_of(held.list_of(uuid_of(user))) for user in TEN_POSTS.users}
    assert got == {user: [uuid_of(post) for post in posts] for user, posts in TEN_POSTS_LISTS.items()}


def test_views_in_the_same_database_give_the_lists_on_paper(server_url: str, writer: JobStore, held: Held) -> None:

    with empty_database(server_url) as url, app_of(url, WORLD):
        with closing(Database(store_settings(url, source_schema=VIEWS))) as database:
            migrate(database)
            write_own_tables(database, BY_THE_API)
            heuristic_run(database, writer)
        got = {user: held.posts_of(held.list_of(uuid_of(user))) for user in TEN_POSTS.users}
        assert got == {user: [uuid_of(post) for post in posts] for user, posts in TEN_POSTS_LISTS.items()}


def test_rows_without_an_id_that_can_be_used_change_nothing_in_any_view(
    own_url: str, app: App, writer: JobStore, held: Held
) -> None:
    others = {relation: f"SELECT * FROM {{}} UNION ALL {query}" for relation, query in UNUSABLE.items()}
    with app.views(**others) as schema, _over_views(own_url, app, schema) as database:
        write_own_tables(database, BY_THE_API)
        heuristic_run(database, writer)
        with database.read() as snapshot:
            assert len(load_block_pairs(snapshot)) == len(WORLD.blocks)
    got = {user: held.posts_of(held.list_of(uuid_of(user))) for user in TEN_POSTS.users}
    assert got == {user: [uuid_of(post) for post in posts] for user, posts in TEN_POSTS_LISTS.items()}


def test_the_past_over_views_knows_the_apis_deletions_and_both_sides_blocks(viewing: Database) -> None:
    """Of the ten posts one is deleted in the view and one ahead; p1 is deleted by the API an hour before now."""
    bury_in(viewing, "posts", uuid_of("p1"))
    execute(viewing, "UPDATE warmline.tombstones SET created_at = :at", at=NOW - timedelta(hours=1))
    put_block(viewing, uuid_of("ben"), uuid_of("cat"))
    with viewing.read() as snapshot:
        lives, blocks = load_post_lives(snapshot, now=NOW), load_block_pairs(snapshot)
        p1, p2, p8 = load_id_hashes(snapshot, [uuid_of("p1"), uuid_of("p2"), uuid_of("p8")]).tolist()
        ann, ben = load_id_hashes(snapshot, [uuid_of("ann"), uuid_of("ben")]).tolist()
    deleted_at = dict(zip(lives.id_hashes.tolist(), lives.deleted_at.tolist(), strict=True))
    assert (deleted_at[p1], deleted_at[p2]) == ((NOW - timedelta(hours=1)).timestamp(), float("inf"))
    assert deleted_at[p8] == NOW.timestamp()
    assert sorted(blocks.user_id_hashes.tolist()) == sorted([ann, ben])  # the view's block, and the API's


def test_the_reader_may_not_write(app: App) -> None:
    with administrator(app.reader_url) as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        connection.execute(sa.text(f"DELETE FROM {VIEWS}.blocks"))


def test_a_run_leaves_the_teams_database_as_it_was(viewing: Database, writer: JobStore, app: App) -> None:
    query = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del), count(*) FROM pg_stat_user_tables"
    with administrator(app.owner_url) as connection:
        before = connection.execute(sa.text(query)).one()
        heuristic_run(viewing, writer)
        assert connection.execute(sa.text(query)).one() == before


def test_old_events_are_removed_from_our_own_table_alone_and_count_in_neither(
    own_url: str, app: App, writer: JobStore
) -> None:
    old = NOW - timedelta(days=300)
    theirs = f"SELECT * FROM {{}} UNION ALL SELECT {_USER}, {_POST}, 'view', '{old.isoformat()}'::timestamptz"
    ours = [Event(uuid_of("ann"), uuid_of("p1"), InteractionKind.VIEW, hours) for hours in (300 * 24, 1)]
    with app.views(interactions=theirs) as schema, _over_views(own_url, app, schema) as database, built_once():
        write_own_tables(database, World(events=ours))
        assert heuristic_run(database, writer)["housekeeping"]["removed"] == {"view": 1}
        data = load_training_data(
            database, build_encoders(ContentSettings(text_encoder=OFFLINE_ENGLISH)), days=730, now=NOW,
            kept_since=RetentionSettings().kept_since(NOW),
        )  # fmt: skip
        with database.read() as snapshot:
            everything = load_events(snapshot, since=NOW - timedelta(days=730), now=NOW)
    assert int((everything.at <= old.timestamp()).sum()) == 1  # theirs is still there
    assert data.events.at.min() > old.timestamp()


# --- what is wrong with a view ----------------------------------------------------------------------------------------

WITHOUT_AUTHOR = "SELECT id, caption, image_url, created_at, deleted_at FROM {}"
WITHOUT_ZONE = (
    "SELECT id, author_id, caption, image_url, created_at AT TIME ZONE 'UTC' AS created_at, deleted_at FROM {}"
)
IDS_AS_UUID = "SELECT id::uuid AS id, created_at FROM {}"
DELETED_AS_BOOL = "SELECT id, author_id, caption, image_url, created_at, deleted_at IS NOT NULL AS deleted_at FROM {}"

BROKEN = [
    ("posts", WITHOUT_AUTHOR, "posts.author_id: got no such column, expected text"),
    ("posts", WITHOUT_ZONE, "posts.created_at: got timestamp without time zone, expected timestamp with time zone"),
    ("users", IDS_AS_UUID, "users.id: got uuid, expected text"),
    ("posts", DELETED_AS_BOOL, "posts.deleted_at: got boolean, expected timestamp with time zone"),
    ("blocks", "", "blocks: got no such relation, expected a table or view"),
]


@pytest.mark.parametrize(("relation", "query", "said"), BROKEN)
def test_a_broken_view_is_named_with_column_got_and_expected(
    relation: str, query: str, said: str, own_url: str, app: App, writer: JobStore
) -> None:
    with (
        app.views(**{relation: query}) as schema,
        _over_views(own_url, app, schema) as database,
        pytest.raises(SourceError) as caught,
    ):
        heuristic_run(database, writer)
    assert str(caught.value).startswith(f"{schema}.{said}; ")


@pytest.mark.parametrize(("relation", "query", "said"), BROKEN)
def test_a_broken_view_leaves_the_old_lists(
    relation: str, query: str, said: str, own_url: str, app: App, viewing: Database, writer: JobStore, held: Held
) -> None:
    heuristic_run(viewing, writer)
    before = held.dump()
    with (
        app.views(**{relation: query}) as schema,
        _over_views(own_url, app, schema) as database,
        pytest.raises(SourceError),
    ):
        heuristic_run(database, writer)
    assert held.dump() == before


@pytest.mark.parametrize("relation", ["users", "posts", "interactions", "blocks"])
def test_a_view_that_may_not_be_read_is_one_line(relation: str, own_url: str, app: App, writer: JobStore) -> None:
    with app.views() as schema, _over_views(own_url, app, schema) as database:
        app.run(f"REVOKE SELECT ON {schema}.{relation} FROM {app.reader}")
        with pytest.raises(SourceError, match=f"permission denied for view {relation}$"):
            heuristic_run(database, writer)


@pytest.mark.parametrize(
    ("relation", "query"),
    [
        ("interactions", "SELECT user_id, post_id, kind, ('x' || kind)::timestamptz AS created_at FROM {}"),
        (
            "blocks",
            "SELECT user_id, (1 / length(left(blocked_user_id, 0)))::text AS blocked_user_id, created_at FROM {}",
        ),
    ],
)
def test_a_view_that_fails_is_one_line(relation: str, query: str, own_url: str, app: App, writer: JobStore) -> None:
    with (
        app.views(**{relation: query}) as schema,
        _over_views(own_url, app, schema) as database,
        pytest.raises(SourceError, match=r"^PostgreSQL at [^\n]*$"),
    ):
        heuristic_run(database, writer)


REPEATED = f"""
    SELECT * FROM {{0}} UNION ALL
    SELECT id, author_id, caption, image_url, created_at - interval '1 hour', NULL FROM {{0}}
    WHERE id IN ('{uuid_of("p1")}', '{uuid_of("p5")}')
    """


def test_a_few_repeated_rows_are_left_out_and_counted(own_url: str, app: App, writer: JobStore, held: Held) -> None:
    with app.views(posts=REPEATED) as schema, _over_views(own_url, app, schema) as database:
        write_own_tables(database, BY_THE_API)
        report = heuristic_run(database, writer)
        with database.read() as snapshot:
            loaded = (load_all_posts(snapshot, now=NOW).id_hashes, load_post_lives(snapshot, now=NOW).id_hashes)
            encoded = [post.post_id for post in load_content(snapshot, now=NOW)]
    assert report["uncounted"]["repeated_posts"] == 2
    assert all(len(keys) == len(set(keys.tolist())) for keys in loaded)
    assert len(encoded) == len(set(encoded))
    got = {user: held.posts_of(held.list_of(uuid_of(user))) for user in TEN_POSTS.users}
    assert got == {user: [uuid_of(post) for post in posts] for user, posts in TEN_POSTS_LISTS.items()}


def test_an_id_that_stands_twice_is_named(own_url: str, app: App, writer: JobStore) -> None:
    twice = "SELECT * FROM {0} UNION ALL SELECT * FROM {0}"
    with (
        app.views(posts=twice) as schema,
        _over_views(own_url, app, schema) as database,
        pytest.raises(SourceError, match=r"posts\.id: 8 of 16 rows repeat an id"),
    ):
        heuristic_run(database, writer)


@pytest.mark.parametrize(
    ("relation", "query"),
    [
        ("users", "SELECT * FROM {} UNION ALL SELECT NULL, now()"),
        ("posts", "SELECT * FROM {} UNION ALL SELECT NULL, 'x', '', NULL, now(), NULL"),
        ("posts", "SELECT * FROM {} UNION ALL SELECT 'x', NULL, '', NULL, now(), NULL"),
        ("posts", "SELECT * FROM {} UNION ALL SELECT 'x', 'y', '', NULL, NULL, NULL"),
        ("interactions", "SELECT * FROM {} UNION ALL SELECT NULL, 'x', 'like', now()"),
        ("interactions", "SELECT * FROM {} UNION ALL SELECT 'x', NULL, 'hide', now()"),
        ("interactions", "SELECT * FROM {} UNION ALL SELECT 'x', 'y', NULL, now()"),
        ("interactions", "SELECT * FROM {} UNION ALL SELECT 'x', 'y', 'poke', now()"),
        ("interactions", "SELECT * FROM {} UNION ALL SELECT 'x', 'y', 'like', NULL"),
        ("blocks", "SELECT * FROM {} UNION ALL SELECT NULL, 'x', now()"),
        ("blocks", "SELECT * FROM {} UNION ALL SELECT 'x', NULL, now()"),
    ],
)
def test_a_row_with_a_gap_or_an_unknown_kind_is_ignored(
    relation: str, query: str, own_url: str, app: App, writer: JobStore, held: Held
) -> None:
    with app.views(**{relation: query}) as schema, _over_views(own_url, app, schema) as database:
        write_own_tables(database, BY_THE_API)
        heuristic_run(database, writer)
    got = held.posts_of(held.list_of(uuid_of("ann")))
    assert got == [uuid_of(post) for post in TEN_POSTS_LISTS["ann"]]


@pytest.mark.parametrize("moment", ["-infinity", "0001-01-01T00:00Z", "4713-01-01T00:00Z BC", "1969-12-31T00:00Z"])
def test_a_post_with_an_absurd_date_does_not_stop_the_others(
    moment: str, own_url: str, app: App, writer: JobStore, held: Held
) -> None:
    absurd = f"SELECT * FROM {{}} UNION ALL SELECT 'x', '{uuid_of('ann')}', '', NULL, '{moment}'::timestamptz, NULL"
    with app.views(posts=absurd) as schema, _over_views(own_url, app, schema) as database:
        write_own_tables(database, BY_THE_API)
        heuristic_run(database, writer)
    assert held.posts_of(held.everyone())[-1] == "x"


def test_a_post_deleted_by_the_api_while_the_view_still_shows_it_is_no_candidate(
    viewing: Database, writer: JobStore, held: Held
) -> None:
    bury_in(viewing, "posts", uuid_of("p2"))
    heuristic_run(viewing, writer)
    assert uuid_of("p2") not in held.posts_of(held.everyone())


def test_a_post_deleted_by_the_api_is_withheld_after_the_next_run(
    viewing: Database, writer: JobStore, held: Held
) -> None:
    heuristic_run(viewing, writer)
    bury_in(viewing, "posts", uuid_of("p2"))
    heuristic_run(viewing, writer)
    assert [held.post(row).post_id for row in held.deleted()] == [uuid_of("p2")]


def test_a_post_that_left_the_view_is_withheld_after_the_next_run(
    own_url: str, app: App, viewing: Database, writer: JobStore, held: Held
) -> None:
    heuristic_run(viewing, writer)
    without = f"SELECT * FROM {{}} WHERE id <> '{uuid_of('p2')}'"
    with app.views(posts=without) as schema, _over_views(own_url, app, schema) as database:
        heuristic_run(database, writer)
    assert [held.post(row).post_id for row in held.deleted()] == [uuid_of("p2")]


def test_a_block_by_the_api_stands_beside_those_of_the_view(viewing: Database, writer: JobStore, held: Held) -> None:
    block = "INSERT INTO warmline.blocks (user_id, blocked_user_id) VALUES (:blocker, :blocked)"
    execute(viewing, block, blocker=uuid_of("cat"), blocked=uuid_of("ann"))
    heuristic_run(viewing, writer)
    got = {user: held.posts_of(held.list_of(uuid_of(user))) for user in ("ann", "cat")}
    assert got == {"ann": [uuid_of("p4"), uuid_of("p3")], "cat": [uuid_of("p7"), uuid_of("p3")]}


def test_the_same_like_in_the_view_and_by_the_api_counts_once(viewing: Database, writer: JobStore, held: Held) -> None:
    heuristic_run(viewing, writer)
    before = held.everyone().entries
    again = [event for event in WORLD.events if event.kind is InteractionKind.LIKE]
    with viewing.begin() as connection:
        for event in again:
            like = "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES (:u, :p, 'like', :at)"
            values = {"u": event.user, "p": event.post, "at": WORLD.at(event.age_hours)}
            connection.execute(sa.text(like), values)
    heuristic_run(viewing, writer)
    assert held.everyone().entries == before


def test_a_source_that_does_not_answer_leaves_the_old_lists_and_hides_the_password(
    own_url: str, viewing: Database, writer: JobStore, held: Held
) -> None:

    heuristic_run(viewing, writer, now=NOW)
    before = held.dump()
    away = store_settings(own_url, source_url="postgresql://reader:hunter2@127.0.0.1:1/app", source_schema=VIEWS)
    with closing(Database(away)) as database, pytest.raises(StoreUnavailable) as caught:
        heuristic_run(database, writer)
    assert (held.dump() == before, "127.0.0.1:1/app" in str(caught.value), "hunter2" in str(caught.value)) == (
        True,
        True,
        False,
    )


def test_a_delete_by_the_api_in_the_middle_of_a_run_holds_after_the_next_one(
    viewing: Database, writer: JobStore, held: Held
) -> None:
    heuristic_run(viewing, writer)
    with viewing.read() as snapshot:
        as_of = transaction_snapshot(snapshot)
    delete_post(viewing, uuid_of("p2"))
    with viewing.begin() as connection:  # the run that read its candidates before the delete goes on
        assign_post_numbers(connection, [uuid_of("p2")], as_of=as_of)
    heuristic_run(viewing, writer)
    assert [held.post(row).post_id for row in held.deleted()] == [uuid_of("p2")]
