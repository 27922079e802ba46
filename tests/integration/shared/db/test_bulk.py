"""Which posts are candidates, which events count, and who is active: read from PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from shared.db.bulk import (
    PostLives,
    Posts,
    Users,
    load_active_users,
    load_block_pairs,
    load_candidates,
    load_post_lives,
)
from shared.db.bulk_events import load_events
from shared.db.engine import Database
from shared.db.id_hashes import load_id_hashes
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from tests.stores import bury_in, execute, store_settings
from tests.worlds import NOW, Event, Post, World, write_own_tables

DAY = 24.0


def _candidates(database: Database, posts: Sequence[Post], *, days: float = 14, at_least: int = 3) -> list[str]:
    write_own_tables(database, World(posts=posts))
    return _load(database, days=days, at_least=at_least).ids


def _load(database: Database, *, days: float = 14, at_least: int = 1) -> Posts:
    with database.read() as snapshot:
        return load_candidates(snapshot, since=NOW - timedelta(days=days), now=NOW, at_least=at_least)


def _events(database: Database, events: Sequence[Event], *, since: datetime = NOW - timedelta(days=14)) -> Events:
    write_own_tables(database, World(events=events))
    with database.read() as snapshot:
        return load_events(snapshot, since=since, now=NOW)


def _active(database: Database, world: World, *, at_most: int = 100) -> Users:
    write_own_tables(database, world)
    with database.read() as snapshot:
        return load_active_users(snapshot, since=NOW - timedelta(days=30), now=NOW, at_most=at_most)


# --- candidates -------------------------------------------------------------------------------------------------------


def test_a_busy_app_has_the_posts_of_the_window(database: Database) -> None:
    posts = [Post(f"p{day:02}", "x", day * DAY) for day in range(20)]
    assert _candidates(database, posts) == [f"p{day:02}" for day in range(15)]


def test_a_quiet_app_has_as_many_of_the_newest_as_asked_for(database: Database) -> None:
    posts = [Post("new", "x", 1), *(Post(f"old{year}", "x", 365 * DAY * year) for year in range(1, 5))]
    assert _candidates(database, posts) == ["new", "old1", "old2"]


def test_a_tiny_app_has_all_its_posts(database: Database) -> None:
    assert _candidates(database, [Post("old", "x", 1000 * DAY), Post("older", "x", 2000 * DAY)]) == ["old", "older"]


def test_exactly_as_many_as_asked_for_do_not_widen_the_window(database: Database) -> None:
    posts = [*(Post(f"p{n}", "x", n) for n in range(3)), Post("old", "x", 100 * DAY)]
    assert _candidates(database, posts) == ["p0", "p1", "p2"]


def test_an_app_without_posts_has_no_candidates(database: Database) -> None:
    assert _candidates(database, []) == []


def test_deleted_posts_do_not_count_for_the_window(database: Database) -> None:
    posts = [*(Post(f"gone{n}", "x", n, deleted=True) for n in range(5)), Post("old", "x", 100 * DAY)]
    assert _candidates(database, posts) == ["old"]


@pytest.mark.parametrize(("minutes", "there"), [(4.9, True), (5.0, True), (5.1, False), (600, False)])
def test_a_post_is_a_candidate_up_to_five_minutes_ahead(database: Database, minutes: float, there: bool) -> None:
    assert _candidates(database, [Post("ahead", "x", -minutes / 60)]) == (["ahead"] if there else [])


def test_candidates_come_newest_first_and_then_by_id(database: Database) -> None:
    posts = [Post("b", "x", 5), Post("a", "x", 5), Post("c", "x", 1)]
    assert _candidates(database, posts) == ["c", "a", "b"]


def test_posts_deleted_by_the_api_do_not_make_a_quiet_app_quieter(database: Database) -> None:
    """The views still contain them; as many other posts as requested must take their place."""
    url = database.own.engine.url.render_as_string(hide_password=False)
    write_own_tables(database, World(users=["x"], posts=[Post(f"p{n}", "x", 100 * DAY + n) for n in range(6)]))
    bury_in(database, "posts", "p0", "p1")
    views = (f"CREATE VIEW team.{name} AS SELECT * FROM warmline.{name}" for name in ("users", "posts"))
    execute(database, "; ".join(["CREATE SCHEMA team", *views]))
    try:
        viewing = Database(store_settings(url, source_schema="team"))
        assert _load(viewing, at_least=3).ids == ["p2", "p3", "p4"]
        viewing.close()
    finally:
        execute(database, "DROP SCHEMA team CASCADE")


def test_a_post_keeps_its_id_hash_and_time(database: Database) -> None:
    write_own_tables(database, World(posts=[Post("p", "ann", 1)]))
    posts = _load(database)
    with database.read() as snapshot:
        keys = load_id_hashes(snapshot, ["p", "ann"])
    assert (posts.id_hashes.tolist(), posts.author_id_hashes.tolist()) == (keys[:1].tolist(), keys[1:].tolist())
    assert posts.created_at.tolist() == [(NOW - timedelta(hours=1)).timestamp()]


# --- events -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(InteractionKind))
def test_each_kind_arrives_as_its_code(database: Database, kind: InteractionKind) -> None:
    assert _events(database, [Event("ann", "p", kind)]).kinds.tolist() == [KIND_CODES[kind]]


def test_an_event_dated_ahead_is_dated_now(database: Database) -> None:
    assert _events(database, [Event("ann", "p", InteractionKind.LIKE, -1000)]).at.tolist() == [NOW.timestamp()]


def test_an_event_keeps_its_time_to_the_microsecond(database: Database) -> None:
    age = 1 / 3_600_000_000 * 1_234_567
    assert _events(database, [Event("ann", "p", InteractionKind.LIKE, age)]).at.tolist() == [NOW.timestamp() - 1.234567]


def test_older_events_are_left_out(database: Database) -> None:
    events = [Event("ann", "p", InteractionKind.LIKE, 15 * DAY), Event("ann", "q", InteractionKind.LIKE, 13 * DAY)]
    assert len(_events(database, events)) == 1


def test_an_event_has_the_id_hashes_of_its_user_and_post(database: Database) -> None:
    events = _events(database, [Event("ann", "p", InteractionKind.LIKE)])
    with database.read() as snapshot:
        keys = load_id_hashes(snapshot, ["ann", "p"]).tolist()
    assert [events.user_id_hashes.tolist(), events.post_id_hashes.tolist()] == [keys[:1], keys[1:]]


def test_no_events_are_empty_columns(database: Database) -> None:
    events = _events(database, [])
    assert (len(events), events.at.dtype.name, events.kinds.dtype.name) == (0, "float64", "int16")


def test_thousands_of_events_arrive_whole(database: Database) -> None:
    execute(
        database,
        """
        INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)
        SELECT 'u' || n, 'p' || n % 100, 'view', :now FROM generate_series(1, 40000) n
        """,
        now=NOW,
    )
    events = _events(database, [])
    assert (len(events), len(np.unique(events.user_id_hashes)), len(np.unique(events.post_id_hashes))) == (
        40_000,
        40_000,
        100,
    )


# --- active users -----------------------------------------------------------------------------------------------------


def test_who_joined_posted_or_did_something_lately_is_active(database: Database) -> None:
    world = World(
        users=["joined"],
        posts=[Post("p", "posted", 5 * DAY)],
        events=[Event("liked", "p", InteractionKind.LIKE, 3 * DAY)],
    )
    assert _active(database, world).ids == ["joined", "liked", "posted"]


def test_who_was_silent_for_long_is_not_active(database: Database) -> None:
    world = World(
        users=["ann"], joined_hours_ago=31 * DAY, events=[Event("ann", "p", InteractionKind.LIKE, 31 * DAY)], posts=[]
    )
    assert _active(database, world).ids == []


def test_an_old_user_who_did_something_lately_is_active(database: Database) -> None:
    world = World(users=["ann"], joined_hours_ago=300 * DAY, events=[Event("ann", "p", InteractionKind.VIEW, 1)])
    assert _active(database, world).ids == ["ann"]


def test_of_too_many_users_the_most_recently_active_are_kept(database: Database) -> None:
    events = [Event(f"u{hours}", "p", InteractionKind.VIEW, hours) for hours in range(1, 6)]
    assert _active(database, World(events=events), at_most=2).ids == ["u1", "u2"]


def test_activity_dated_ahead_counts_as_now(database: Database) -> None:
    events = [Event("b", "p", InteractionKind.VIEW, -500), Event("a", "p", InteractionKind.VIEW, 0)]
    assert _active(database, World(events=events)).ids == ["a", "b"]


def test_an_erased_user_is_not_active(database: Database) -> None:
    bury_in(database, "users", "ann")
    assert _active(database, World(users=["ann", "ben"])).ids == ["ben"]


def test_hashes_are_in_the_order_of_the_ids(database: Database) -> None:
    with database.read() as snapshot:
        one, two = load_id_hashes(snapshot, ["a", "b"]).tolist(), load_id_hashes(snapshot, ["b", "a"]).tolist()
    assert one == two[::-1]


# --- the past ---------------------------------------------------------------------------------------------------------


def _lives(database: Database) -> PostLives:
    with database.read() as snapshot:
        return load_post_lives(snapshot, now=NOW)


def _keys(database: Database, *ids: str) -> list[int]:
    with database.read() as snapshot:
        return [int(key) for key in load_id_hashes(snapshot, ids)]


def test_deleted_posts_are_there_with_the_time_of_it_and_others_live_for_ever(database: Database) -> None:
    write_own_tables(database, World(posts=[Post("old", "x", 50), Post("gone", "y", 40), Post("ahead", "x", -1)]))
    execute(database, "UPDATE warmline.posts SET deleted_at = :at WHERE id = 'gone'", at=NOW - timedelta(hours=7))
    lives = _lives(database)
    found = {key: (created, deleted) for key, created, deleted in zip(*_columns(lives), strict=True)}
    old, gone = _keys(database, "old", "gone")
    assert found == {
        old: ((NOW - timedelta(hours=50)).timestamp(), np.inf),
        gone: ((NOW - timedelta(hours=40)).timestamp(), (NOW - timedelta(hours=7)).timestamp()),
    }


def test_a_deletion_dated_ahead_is_one_of_now(database: Database) -> None:
    write_own_tables(database, World(posts=[Post("gone", "y", 40)]))
    execute(database, "UPDATE warmline.posts SET deleted_at = :at", at=NOW + timedelta(days=1))
    assert _lives(database).deleted_at.tolist() == [NOW.timestamp()]


def test_blocks_come_with_their_times(database: Database) -> None:
    write_own_tables(database, World(blocks=[("ann", "ben")]))
    with database.read() as snapshot:
        pairs = load_block_pairs(snapshot)
    ann, ben = _keys(database, "ann", "ben")
    assert (pairs.user_id_hashes.tolist(), pairs.blocked_id_hashes.tolist()) == ([ann], [ben])
    assert pairs.at.tolist() == [NOW.timestamp()]


def test_without_posts_and_blocks_both_loads_are_empty(database: Database) -> None:
    with database.read() as snapshot:
        assert (len(load_post_lives(snapshot, now=NOW)), len(load_block_pairs(snapshot))) == (0, 0)


def _columns(lives: PostLives) -> tuple[list[int], list[float], list[float]]:
    return lives.id_hashes.tolist(), lives.created_at.tolist(), lives.deleted_at.tolist()


def test_a_load_sees_one_moment(database: Database) -> None:
    write_own_tables(database, World(posts=[Post("p", "x", 1)]))
    with database.read() as snapshot:
        before = load_candidates(snapshot, since=NOW - timedelta(days=14), now=NOW, at_least=1)
        write_own_tables(database, World(posts=[Post("q", "x", 1)]))
        after = load_candidates(snapshot, since=NOW - timedelta(days=14), now=NOW, at_least=1)
    assert (before.ids, after.ids) == (["p"], ["p"])
