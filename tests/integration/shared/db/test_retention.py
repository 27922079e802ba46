"""What is removed of events and deleted posts, how it stays out of the way of others, and what loads leave out."""

import random
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.db import events as stored
from shared.db import retention
from shared.db.bulk_events import load_events, load_events_of
from shared.db.engine import Database
from shared.db.retention import clear_deleted_posts, drop_old_records, remove_old_events
from shared.domain import InteractionKind
from tests.stores import execute, rows, scalar
from tests.worlds import NOW, Event, Post, World, write_own_tables

VIEW, LIKE = InteractionKind.VIEW, InteractionKind.LIKE
DAY = 24
LONG_AGO = NOW - timedelta(days=3650)
KEPT_SINCE = {VIEW: NOW - timedelta(days=180)}
WORLD = World(
    users=("ann", "ben"),
    posts=(Post("p1", "ben", 400 * DAY),),
    events=(
        Event("ann", "p1", VIEW, 300 * DAY),
        Event("ann", "p1", LIKE, 300 * DAY),
        Event("ann", "p1", VIEW, 181 * DAY),
        Event("ann", "p1", VIEW, 179 * DAY),
    ),
)
LEFT = "SELECT kind, extract(day FROM :now - created_at)::int FROM warmline.interactions ORDER BY 2 DESC, 1"


def _remove(database: Database, *, since_days: float = 3650) -> int:
    since = NOW - timedelta(days=since_days)
    return remove_old_events(database, VIEW, since=since, before=KEPT_SINCE[VIEW]).count


def test_only_old_events_of_the_kind_are_removed(database: Database) -> None:
    write_own_tables(database, WORLD)
    gone = remove_old_events(database, VIEW, since=LONG_AGO, before=KEPT_SINCE[VIEW])
    assert (gone.count, gone.until, gone.is_last) == (2, NOW - timedelta(days=181), True)
    assert rows(database, LEFT, now=NOW) == [("like", 300), ("view", 179)]


def test_an_event_of_the_very_time_stays(database: Database) -> None:
    """As it is accepted and counts."""
    write_own_tables(database, World(events=(Event("ann", "p1", VIEW, 180 * DAY),)))
    assert _remove(database) == 0
    with database.read() as snapshot:
        assert len(load_events(snapshot, since=LONG_AGO, now=NOW, kept_since=KEPT_SINCE)) == 1


def test_one_call_removes_a_bounded_number_the_oldest_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 1)
    write_own_tables(database, WORLD)
    gone = remove_old_events(database, VIEW, since=LONG_AGO, before=KEPT_SINCE[VIEW])
    assert (gone.count, gone.until, gone.is_last) == (1, NOW - timedelta(days=300), False)


def _wait_for_locks_a_second(connection: sa.Connection) -> None:
    connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))


def test_it_waits_for_nobody_and_leaves_what_others_hold(database: Database) -> None:
    """The intake may be dating an event anew: it must not be lost, nor wait in a circle with the removal."""
    write_own_tables(database, WORLD)
    impatient = database.checked_by(_wait_for_locks_a_second)
    with database.begin() as intake:
        intake.execute(sa.text("UPDATE warmline.interactions SET created_at = now() WHERE event_id = 'event-0'"))
        assert _remove(impatient) == 1
    assert scalar(database, "SELECT count(*) FROM warmline.interactions WHERE event_id = 'event-0'") == 1


def test_a_repeat_that_was_acknowledged_is_never_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intake dates old views anew while they are removed; whichever is first, the view is there afterwards."""
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    old = [Event("ann", f"p{number}", VIEW, 300 * DAY) for number in range(100)]
    posts = tuple(Post(event.post, "ben", 400 * DAY) for event in old)
    write_own_tables(database, World(users=("ann", "ben"), posts=posts, events=old))
    execute(database, "UPDATE warmline.interactions SET event_id = NULL")
    again = [stored.Event(user_id="ann", post_id=event.post, kind=VIEW, at=NOW) for event in old]
    random.Random(1).shuffle(again)

    def remove_all() -> None:
        while _remove(database):
            pass

    remover = threading.Thread(target=remove_all)
    remover.start()
    for start in range(0, len(again), 5):
        stored.store_events(database, again[start : start + 5])
    remover.join()
    assert scalar(database, "SELECT count(*) FROM warmline.interactions WHERE created_at = :now", now=NOW) == len(old)


def test_the_index_on_time_finds_them_in_its_order(database: Database) -> None:
    """Neither is the table read, nor is everything that is old read and sorted for each thousand rows."""
    fill = """
        INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)
        SELECT 'u' || n, 'p' || n, 'view', :now - n * interval '1 minute' FROM generate_series(1, 20000) AS n
        """
    execute(database, fill, now=NOW - timedelta(days=181))  # PostgreSQL does not know yet how many they are
    said: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: object, *___: object) -> None:
        said.append((statement, values))

    sa.event.listen(database.own.engine, "before_cursor_execute", note)
    try:
        assert _remove(database) == retention.ROWS_AT_ONCE
    finally:
        sa.event.remove(database.own.engine, "before_cursor_execute", note)
    *before, (statement, values) = said
    with database.begin() as connection:
        for setting, _ in before:
            connection.exec_driver_sql(setting)
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "Index Scan using interactions_created_at" in plan, plan
    assert "Tid Scan" in plan
    assert not any(slow in plan for slow in ("Seq Scan", "Bitmap", "Sort"))


# --- what loads leave out ---------------------------------------------------------------------------------------------


def test_events_that_are_too_old_do_not_count_even_before_they_are_removed(database: Database) -> None:
    write_own_tables(database, WORLD)
    with database.read() as snapshot:
        everyone = load_events(snapshot, since=LONG_AGO, now=NOW, kept_since=KEPT_SINCE)
        ann = load_events_of(snapshot, ["ann"], since=LONG_AGO, now=NOW, kept_since=KEPT_SINCE)
    oldest = [(NOW - timedelta(days=days)).timestamp() for days in (300, 179)]  # the like, the last view
    assert sorted(everyone.at.tolist()) == sorted(ann.at.tolist()) == oldest


def test_removing_them_changes_no_load(database: Database) -> None:
    write_own_tables(database, WORLD)
    loaded = []
    for _ in range(2):
        with database.read() as snapshot:
            events = load_events(snapshot, since=LONG_AGO, now=NOW, kept_since=KEPT_SINCE)
            loaded.append(sorted(events.at.tolist()))
        _remove(database)
    assert loaded[0] == loaded[1]


# --- deleted posts, old records ---------------------------------------------------------------------------------------


def test_a_post_deleted_long_ago_keeps_its_row_without_caption_and_address(database: Database) -> None:
    posts = (Post("gone", "ben"), Post("recent", "ben"), Post("here", "ben"))
    write_own_tables(database, World(users=("ben",), posts=posts))
    execute(database, "UPDATE warmline.posts SET image_urls = ARRAY['2.jpg']")
    deleted = "UPDATE warmline.posts SET deleted_at = :at WHERE id = :id"
    execute(database, deleted, at=NOW - timedelta(days=91), id="gone")
    execute(database, deleted, at=NOW - timedelta(days=89), id="recent")
    assert clear_deleted_posts(database, before=NOW - timedelta(days=90)) == 1
    assert clear_deleted_posts(database, before=NOW - timedelta(days=90)) == 0
    is_without = "image_url IS NULL AND image_urls IS NULL, image_url IS NOT NULL AND image_urls IS NOT NULL"
    found = rows(database, f"SELECT id, caption = '', {is_without} FROM warmline.posts ORDER BY id")
    assert found == [("gone", True, True, False), ("here", False, False, True), ("recent", False, False, True)]


def test_records_end_with_their_time_or_number(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "RECORDS_KEPT", 2)
    for number in range(4):
        execute(database, "INSERT INTO warmline.audit (who, deed, was) VALUES ('me', 'promote', :was)", was=f"{number}")
        execute(
            database,
            "INSERT INTO warmline.phase_changes (phase, rollout_percent, changed_by) VALUES ('neucf', :share, 'me')",
            share=number,
        )
    erased = "INSERT INTO warmline.erased_users VALUES (:hash, now() - make_interval(days => :days))"
    execute(database, erased, hash="old", days=31)
    execute(database, erased, hash="new", days=29)
    assert drop_old_records(database) == 5
    assert rows(database, "SELECT was FROM warmline.audit ORDER BY id") == [("2",), ("3",)]
    assert rows(database, "SELECT rollout_percent FROM warmline.phase_changes ORDER BY version") == [(2.0,), (3.0,)]
    assert rows(database, "SELECT user_hash FROM warmline.erased_users") == [("new",)]
    assert drop_old_records(database) == 0
