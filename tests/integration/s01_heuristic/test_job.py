"""The heuristic job from PostgreSQL to Valkey: what it publishes, how much, and what it leaves alone."""

import time
from datetime import timedelta

import pytest
import redis
import sqlalchemy as sa

from s01_heuristic.job import run_heuristic
from shared.db.engine import Database
from shared.db.runs import finish_run
from shared.domain import InteractionKind, Phase, Source
from shared.errors import ForeignInstallation, LeaseLost, StoreUnavailable
from shared.ranked_lists import codec, keys
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.publication import unpack_publication
from tests.stores import KEEP_FOR, Held, claimed_run, execute, heuristic_run, scalar
from tests.worlds import NOW, TEN_POSTS, Event, Post, World, job_settings, write_own_tables

MANY = World(users=["ann"], posts=[Post(f"p{n:03}", f"author{n}", n) for n in range(300)])


def test_an_empty_world_publishes_no_list(database: Database, writer: JobStore, held: Held) -> None:
    report = heuristic_run(database, writer)
    assert (report["posts"], report["lists"], held.dump()) == (0, 0, {})


def test_an_empty_world_still_makes_redis_safe_to_read(database: Database, writer: JobStore) -> None:
    heuristic_run(database, writer)
    assert not writer.begin_safety_load().is_new_life


def test_a_world_of_one_post_ranks(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, World(users=["ann"], posts=[Post("p", "ben", 1)]))
    heuristic_run(database, writer)
    assert held.posts_of(held.list_of("ann")) == ["p"]


def test_a_world_without_events_is_newest_first(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, World(posts=[Post("old", "x", 50), Post("new", "x", 1), Post("mid", "x", 9)]))
    heuristic_run(database, writer)
    assert held.entries_of(held.everyone())[0][:2] == ("new", "recent")
    assert held.posts_of(held.everyone()) == ["new", "mid", "old"]


def test_a_post_without_image_and_caption_ranks_like_any_other(
    database: Database, writer: JobStore, held: Held
) -> None:
    write_own_tables(database, World(posts=[Post("bare", "x", 1, caption="", image_url=None), Post("full", "x", 2)]))
    heuristic_run(database, writer)
    assert held.posts_of(held.everyone()) == ["bare", "full"]


def test_a_quiet_app_has_old_posts_in_its_lists(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, World(users=["ann"], posts=[Post("p", "ben", 24 * 365 * 20)]))
    heuristic_run(database, writer)
    assert held.posts_of(held.list_of("ann")) == ["p"]


def test_likes_from_before_the_window_of_a_quiet_app_still_count(
    database: Database, writer: JobStore, held: Held
) -> None:
    old = 24 * 100.0
    posts = [Post("liked", "x", old + 1), Post("newer", "x", old)]
    write_own_tables(
        database, World(posts=posts, events=[Event(f"u{n}", "liked", InteractionKind.LIKE, 48) for n in range(9)])
    )
    heuristic_run(database, writer)
    assert held.posts_of(held.everyone())[0] == "liked"


def test_a_list_has_at_most_its_length(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, MANY)
    heuristic_run(database, writer)
    assert (len(held.list_of("ann")), len(held.everyone())) == (200, 300)


def test_everyones_list_has_at_most_its_length(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, MANY)
    heuristic_run(database, writer, job_settings(lists={"everyone_length": 120}))
    assert held.posts_of(held.everyone()) == [f"p{n:03}" for n in range(120)]


def test_a_short_list_is_filled_up_past_what_is_withheld(database: Database, writer: JobStore, held: Held) -> None:
    events = [Event("ann", f"p{n:03}", InteractionKind.VIEW) for n in range(0, 100, 2)]
    write_own_tables(database, World(users=["ann"], posts=MANY.posts, events=events))
    heuristic_run(database, writer, job_settings(lists={"list_length": 60}))
    expected = [f"p{n:03}" for n in range(300) if n % 2 or n >= 100][:60]
    assert held.posts_of(held.list_of("ann")) == expected


def test_a_user_who_has_seen_everything_has_an_empty_list(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, World(posts=[Post("p", "ben", 1)], events=[Event("ann", "p", InteractionKind.VIEW)]))
    heuristic_run(database, writer)
    assert len(held.list_of("ann")) == 0


def test_users_beyond_the_most_have_no_list(database: Database, writer: JobStore, client: redis.Redis) -> None:
    events = [Event(f"u{n}", "p", InteractionKind.VIEW, n) for n in range(5)]
    write_own_tables(database, World(posts=[Post("p", "x", 24 * 40), Post("q", "x", 24 * 40)], events=events))
    heuristic_run(database, writer, job_settings(lists={"max_lists": 2}))
    assert sorted(client.scan_iter("wl:list:*")) == [b"wl:list:h:u0", b"wl:list:h:u1"]


def test_a_list_says_its_source_run_and_time(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, TEN_POSTS)
    run = claimed_run(database)
    run_heuristic(database, writer, job_settings(), run, NOW)
    ranked = held.list_of("ann")
    assert (ranked.source, ranked.generation, ranked.generated_at) == (Source.HEURISTIC, run.fence, NOW)


def test_everyones_list_says_that_it_is_everyones(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)
    assert held.everyone().source is Source.EVERYONE


def test_the_report_counts_what_was_done(database: Database, writer: JobStore) -> None:
    write_own_tables(database, TEN_POSTS)
    report = heuristic_run(database, writer)
    counts = {name: report[name] for name in ("posts", "events", "lists", "removed")}
    assert counts == {"posts": 8, "events": 15, "lists": 4, "removed": 0}


def test_the_publication_is_noted_last_with_its_counts(
    database: Database, writer: JobStore, client: redis.Redis
) -> None:
    write_own_tables(database, TEN_POSTS)
    report = heuristic_run(database, writer)
    value = client.get(keys.published(Phase.HEURISTIC))
    assert isinstance(value, bytes)
    publication = unpack_publication(value)
    assert (publication.at, publication.lists, publication.bytes) == (NOW, 4, report["bytes"])


def test_the_same_world_gives_the_same_entries_again(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)
    before = held.everyone().entries
    heuristic_run(database, writer)
    assert held.everyone().entries == before


def test_twenty_runs_over_fifty_posts_use_up_fifty_rows(database: Database, writer: JobStore) -> None:
    write_own_tables(database, World(posts=[Post(f"p{n}", "x", n) for n in range(50)]))
    for _ in range(20):
        heuristic_run(database, writer)
    write_own_tables(database, World(posts=[Post("new", "x", 0)]))
    heuristic_run(database, writer)
    assert scalar(database, "SELECT max(row) FROM warmline.post_rows") == 51


def test_a_run_that_lost_its_lease_leaves_the_newer_lists(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, TEN_POSTS)
    late = claimed_run(database)
    execute(database, "UPDATE warmline.runs SET lease_until = now() - interval '1 second'")
    heuristic_run(database, writer)
    before = held.dump()
    with pytest.raises(LeaseLost):
        run_heuristic(database, writer, job_settings(), late, NOW + timedelta(hours=1))
    assert (held.dump(), finish_run(database, late, report={})) == (before, False)


def test_a_run_leaves_a_redis_of_another_installation_alone(database: Database, writer: JobStore, held: Held) -> None:
    writer.belong_to("another")
    write_own_tables(database, TEN_POSTS)
    before = held.dump()
    with pytest.raises(ForeignInstallation, match=r"belongs to another installation \(another\)"):
        heuristic_run(database, writer)
    assert held.dump() == before


def test_redis_away_is_one_line_and_a_failed_run(database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    away = JobStore("redis://127.0.0.1:1", keep_for=KEEP_FOR)
    with pytest.raises(StoreUnavailable, match=r"^Redis at 127.0.0.1:1 does not answer"):
        heuristic_run(database, away)
    away.close()
    assert scalar(database, "SELECT state FROM warmline.runs") == "failed"


@pytest.mark.parametrize("odd", ["日本 🐶", "a/b", "back\\slash", "a\u2028b", "'; --", "p" * 128])
def test_ids_of_any_characters_come_through(odd: str, database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, World(users=[odd], posts=[Post(odd, "x", 1)]))
    heuristic_run(database, writer)
    assert held.posts_of(held.list_of(odd)) == [odd]


def test_the_queries_of_a_run_do_not_grow_with_the_users(database: Database, writer: JobStore) -> None:
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    heuristic_run(database, writer)  # the first one of a day also looks for older things to remove
    sa.event.listen(database.own.engine, "before_cursor_execute", note)
    try:
        counts = []
        for users in (2, 200):
            write_own_tables(
                database, World(users=[f"{users}-{n}" for n in range(users)], posts=[Post(f"p{users}", "x")])
            )
            said.clear()
            heuristic_run(database, writer)
            counts.append(len(said))
    finally:
        sa.event.remove(database.own.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]


def test_a_thousand_users_and_posts_take_less_than_five_seconds(database: Database, writer: JobStore) -> None:
    """Some ten times what it takes: this finds a loop gone quadratic, not a slow machine."""
    users, posts = [f"u{n}" for n in range(1000)], [Post(f"p{n}", f"u{n}", n / 10) for n in range(1000)]
    write_own_tables(database, World(users=users, posts=posts))
    execute(
        database,
        """
        INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)
        SELECT 'u' || u, 'p' || (u * 7 + p * 13) % 1000, 'view', :now
        FROM generate_series(0, 999) u, generate_series(1, 20) p
        """,
        now=NOW,
    )
    begun = time.monotonic()
    report = heuristic_run(database, writer)
    assert (report["lists"], time.monotonic() - begun < 5) == (1000, True)


def test_a_list_without_a_catalogue_entry_is_never_published(database: Database, writer: JobStore, held: Held) -> None:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)
    rows = {row for value in held.dump().values() for row in codec.post_numbers_of(codec.decode(value).entries)}
    assert {held.post(row).post_id for row in rows} == {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p10"}
