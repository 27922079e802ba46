"""Follows, read from our own table and a team's view: what counts, in which order, how many, and what has no effect."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from shared.db.bulk_follows import load_follow_columns
from shared.db.engine import Database
from shared.db.erasure import erase_user
from shared.db.follows import MAX_FOLLOWS, drop_follow, followed_authors, load_follows, put_follow
from shared.db.id_hashes import load_id_hashes
from shared.db.mutes import put_mute
from shared.db.writes import drop_block, put_block
from shared.errors import WriteRefused
from tests.stores import bury_in, execute, scalar, store_settings

FILL = """
INSERT INTO warmline.follows (user_id, author_id, created_at)
SELECT :user, 'a' || n, now() - n * interval '1 minute' FROM generate_series(1, :count) n
"""


@pytest.fixture
def viewed(database: Database) -> Iterator[Database]:
    """The same database with a team's schema, in which views of `follows` may be made."""
    execute(database, "DROP SCHEMA IF EXISTS team CASCADE")
    execute(database, "CREATE SCHEMA team")
    execute(database, "CREATE VIEW team.blocks AS SELECT 'a'::text AS user_id, 'b'::text AS blocked_user_id")
    url = database.own.engine.url.render_as_string(hide_password=False)
    over_views = Database(store_settings(url, source_schema="team"))
    yield over_views
    over_views.close()
    execute(database, "DROP SCHEMA team CASCADE")


def _pairs(database: Database, users: Sequence[str], authors: Sequence[str]) -> set[tuple[str, str]]:
    """What `load_follow_columns` finds, by name."""
    with database.read() as snapshot:
        names = sorted({*users, *authors})
        name_of = dict(zip(load_id_hashes(snapshot, names).tolist(), names, strict=True))
        found = load_follow_columns(snapshot, users, authors)
    columns = (found.user_id_hashes.tolist(), found.author_id_hashes.tolist())
    return {(name_of[user], name_of[author]) for user, author in zip(*columns, strict=True)}


def _in_effect(database: Database, user: str) -> set[str]:
    with database.read() as snapshot:
        return set(load_follows(snapshot, [user]).get(user, ()))


def test_the_newest_follow_comes_first_and_one_taken_back_is_gone(database: Database) -> None:
    execute(database, FILL, user="ann", count=3)
    put_follow(database, "ann", "ben")
    put_follow(database, "ann", "ben")
    assert list(followed_authors(database, "ann")) == ["ben", "a1", "a2", "a3"]
    drop_follow(database, "ann", "a2")
    drop_follow(database, "ann", "nobody")
    assert list(followed_authors(database, "ann")) == ["ben", "a1", "a3"]
    assert list(followed_authors(database, "ben")) == []


def test_a_user_follows_a_bounded_number_of_authors(database: Database) -> None:
    execute(database, FILL, user="ann", count=MAX_FOLLOWS)
    with pytest.raises(WriteRefused, match="5,000 authors"):
        put_follow(database, "ann", "ben")
    put_follow(database, "ann", "a7")  # one that is there
    assert scalar(database, "SELECT count(*) FROM warmline.follows") == MAX_FOLLOWS
    drop_follow(database, "ann", "a7")
    put_follow(database, "ann", "ben")
    assert len(followed_authors(database, "ann")) == MAX_FOLLOWS


def test_a_follow_has_no_effect_while_one_has_blocked_the_other_or_muted_the_author(database: Database) -> None:
    for author in ("ben", "cat", "dan", "eve"):
        put_follow(database, "ann", author)
    put_block(database, "ann", "ben")
    put_block(database, "cat", "ann")
    put_mute(database, "ann", "dan", expires_at=None)
    put_mute(database, "eve", "ann", expires_at=None)  # which is no matter of ann's
    assert _in_effect(database, "ann") == {"eve"}
    drop_block(database, "cat", "ann")
    assert _in_effect(database, "ann") == {"eve", "cat"}
    assert set(followed_authors(database, "ann")) == {"ben", "cat", "dan", "eve"}, "a page leaves them out itself"


def test_an_erasure_takes_follows_away_from_either_side_and_they_do_not_come_back(database: Database) -> None:
    for user, author in (("ann", "ben"), ("ben", "cat"), ("cat", "ann")):
        put_follow(database, user, author)
    erase_user(database, "ben")
    assert scalar(database, "SELECT json_agg(json_build_array(user_id, author_id)) FROM warmline.follows") == [
        ["cat", "ann"]
    ]
    for user, author in (("ann", "ben"), ("ben", "ann")):
        with pytest.raises(WriteRefused, match="erased"):
            put_follow(database, user, author)


def test_a_view_of_follows_counts_beside_our_own_table_without_what_nobody_can_follow(
    database: Database, viewed: Database
) -> None:
    execute(
        database,
        """
        CREATE VIEW team.follows AS SELECT * FROM (VALUES
            ('ann'::text, 'ben'::text, now() - interval '1 hour'), ('ann', 'ben', NULL), ('ann', 'ann', now()),
            ('ann', 'gone', now()), ('gone', 'ben', now()), (NULL, 'ben', now()), ('ann', NULL, now()),
            ('ann', E'tab\there', now())
        ) AS follows (user_id, author_id, created_at)
        """,
    )
    bury_in(database, "users", "gone")
    put_follow(viewed, "ann", "cat")
    put_follow(viewed, "ann", "ben")
    drop_follow(viewed, "ann", "ben")  # the team's own stays
    with viewed.read() as snapshot:
        assert load_follows(snapshot, ["ann", "gone", "nobody"]) == {"ann": ["cat", "ben"]}
    assert _pairs(viewed, ["ann", "it's"], ["ben", "cat", "zoe"]) == {("ann", "ben"), ("ann", "cat")}


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ("'ann'::text AS user_id, 'ben'::text AS author_id", True),
        ("'ann'::varchar AS user_id, 'ben'::text AS author_id, 'today' AS created_at", True),
        ("'ann'::text AS user_id", False),
        ("'ann'::text AS user_id, 1 AS author_id, now() AS created_at", False),
    ],
)
def test_what_a_view_lacks_or_has_of_another_type_breaks_nothing(
    database: Database, viewed: Database, columns: str, counts: bool
) -> None:
    execute(database, f"CREATE VIEW team.follows AS SELECT {columns}")
    put_follow(viewed, "ann", "cat")
    authors = {"cat", "ben"} if counts else {"cat"}
    assert set(followed_authors(viewed, "ann")) == authors
    assert _pairs(viewed, ["ann"], ["ben", "cat"]) == {("ann", author) for author in authors}


def test_a_run_reads_the_follows_of_its_users_on_its_authors(database: Database) -> None:
    users = [f"u{number}" for number in range(5_002)]
    execute(
        database,
        "INSERT INTO warmline.follows (user_id, author_id) SELECT 'u' || n, 'ben' FROM generate_series(0, 5001) n",
    )
    put_follow(database, "u0", "elsewhere")
    put_follow(database, "other", "ben")
    with database.read() as snapshot:
        found = load_follow_columns(snapshot, users, ["ben", "cat"])
        assert sorted(found.user_id_hashes.tolist()) == sorted(load_id_hashes(snapshot, users).tolist())
        assert np.unique(found.author_id_hashes).tolist() == load_id_hashes(snapshot, ["ben"]).tolist()
        assert len(load_follow_columns(snapshot, [], ["ben"])) == len(load_follow_columns(snapshot, users, [])) == 0
