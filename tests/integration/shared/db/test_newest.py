"""The newest posts, the last fallback of the timeline: only visible posts, and as many as requested if there are."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.db.engine import Database
from shared.db.newest import newest_posts
from shared.db.writes import delete_post
from tests.stores import execute, store_settings
from tests.worlds import NOW, TEN_POSTS, Post, World, write_own_tables


@pytest.fixture
def viewing(database: Database) -> Iterator[Database]:
    """The same tables as a team's views."""
    views = (f"CREATE VIEW team.{name} AS SELECT * FROM warmline.{name}" for name in ("users", "posts"))
    execute(database, "; ".join(["CREATE SCHEMA team", *views]))
    url = database.own.engine.url.render_as_string(hide_password=False)
    with closing(Database(store_settings(url, source_schema="team"))) as viewing:
        yield viewing
    execute(database, "DROP SCHEMA team CASCADE")


def _newest(database: Database, *, limit: int = 100) -> list[str]:
    return [post.post_id for post in newest_posts(database, now=NOW, limit=limit)]


def test_they_are_the_published_posts_newest_first(database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    assert _newest(database) == ["p10", "p1", "p2", "p3", "p7", "p4", "p5", "p6"]


def test_there_are_as_many_as_requested(database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    assert _newest(database, limit=2) == ["p10", "p1"]


def test_a_post_deleted_by_the_api_is_not_among_them(database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    delete_post(database, "p10")
    assert _newest(database, limit=2) == ["p1", "p2"]


def test_posts_deleted_by_the_api_do_not_take_the_places_of_others_that_a_view_shows(
    database: Database, viewing: Database
) -> None:
    write_own_tables(database, World(users=["x"], posts=[Post(f"p{n}", "x", n) for n in range(4)]))
    for post in ("p0", "p1"):
        delete_post(viewing, post)
    assert _newest(viewing, limit=2) == ["p2", "p3"]


@pytest.mark.parametrize("moment", ["-infinity", "0001-01-01T00:00Z", "4713-01-01T00:00Z BC"])
def test_a_post_with_an_absurd_date_does_not_stop_the_others(moment: str, database: Database) -> None:
    write_own_tables(database, World(posts=[Post("p", "x", 1)]))
    execute(database, f"INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('odd', 'x', '{moment}')")
    assert _newest(database)[0] == "p"
