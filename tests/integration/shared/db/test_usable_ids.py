"""Rows with unusable ids are ignored in any relation: PostgreSQL and Python agree on which ids are usable."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.db.bulk import load_active_users, load_all_posts, load_candidates, load_post_lives
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.newest import newest_posts, posts_by_number
from shared.db.post_rows import assign_post_numbers, transaction_snapshot
from shared.db.relations import usable_id_sql
from shared.db.safety import visibility_of_posts
from shared.db.vectors import load_content
from shared.domain import InteractionKind, is_usable_id
from tests.stores import rows
from tests.worlds import NOW, Event, Post, World, write_own_tables

MONTH_AGO = NOW - timedelta(days=30)
BAD_IDS = (" u3 ", "u3 ", "\u00a0u3", "u3\u3000", "", "x" * 129, "x" * 10_000, "a\tb", "u3\n", "a\x7fb", "a\u0085b")
GOOD_IDS = ("u3", "a b", "NULL", "日本語", "x" * 128, "😀" * 128)
WORLD = World(
    users=[*GOOD_IDS, *BAD_IDS],
    posts=[
        *(Post(name, "u3", 1) for name in (*GOOD_IDS, *BAD_IDS)),
        *(Post(f"by {index}", name, 1) for index, name in enumerate(BAD_IDS)),
    ],
    events=[Event(name, "u3", InteractionKind.LIKE) for name in (*GOOD_IDS, *BAD_IDS)],
)
EACH_POST: dict[str, Callable[[DatabaseSnapshot], int]] = {
    "candidates": lambda snapshot: len(load_candidates(snapshot, since=MONTH_AGO, now=NOW, at_least=1)),
    "all posts": lambda snapshot: len(load_all_posts(snapshot, now=NOW)),
    "lives": lambda snapshot: len(load_post_lives(snapshot, now=NOW)),
    "contents": lambda snapshot: len(list(load_content(snapshot, now=NOW))),
    "standing posts": lambda snapshot: sum(visibility_of_posts(snapshot, [post.id for post in WORLD.posts]).values()),
}


@pytest.fixture
def world(database: Database) -> Database:
    write_own_tables(database, WORLD)
    return database


def test_postgresql_decides_on_an_id_as_python_does(database: Database) -> None:
    marks = [chr(code) for code in (*range(1, 0x3100), 0xFEFF, 0xFFFD, 0xFFFF, 0x1F600, 0xE0001, 0x10FFFF)]
    texts = [text for mark in marks for text in (mark, f"{mark}a", f"a{mark}", f"a{mark}a")]
    texts += ["", *(mark * length for mark in ("x", "é", "日", "😀") for length in (127, 128, 129, 200))]
    ids = "unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t(id, n)"
    query = f"SELECT id FROM {ids} WHERE {usable_id_sql('id')} ORDER BY n"
    assert [text for (text,) in rows(database, query, texts=texts)] == [text for text in texts if is_usable_id(text)]


@pytest.mark.parametrize("load", EACH_POST)
def test_a_post_counts_if_its_id_and_its_authors_id_are_usable(world: Database, load: str) -> None:
    with world.read() as snapshot:
        assert EACH_POST[load](snapshot) == len(GOOD_IDS)


def test_the_timelines_own_fallback_shows_no_other_post(world: Database) -> None:
    assert {post.post_id for post in newest_posts(world, now=NOW, limit=100)} == set(GOOD_IDS)
    with world.read() as snapshot:
        as_of = transaction_snapshot(snapshot)
    with world.begin() as connection:  # from a time when they could be used
        everything = assign_post_numbers(connection, [post.id for post in WORLD.posts], as_of=as_of)
    assert {post.post_id for post in posts_by_number(world, everything)} == set(GOOD_IDS)


def test_no_other_user_is_active(world: Database) -> None:
    with world.read() as snapshot:
        assert set(load_active_users(snapshot, since=MONTH_AGO, now=NOW, at_most=1000).ids) == set(GOOD_IDS)
