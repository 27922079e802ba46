"""Batches of events in PostgreSQL: repeated, split or reordered batches give the same rows as the set of events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.db.engine import Database
from shared.db.events import Event, FeedPosition, revoke_events, store_batches, store_events
from shared.db.feed_counts import GENERATIONS_KEPT, feed_figures
from shared.domain import InteractionKind
from tests.stores import execute, scalar

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
Rows = set[tuple[str, str, str, datetime, str | None]]


def unnamed(user: str, post: str, kind: InteractionKind, minutes: int) -> Event:
    return Event(user_id=user, post_id=post, kind=kind, at=NOW - timedelta(minutes=minutes))


def named(number: int) -> Event:
    """An id identifies one event: the app never gives it to another one."""
    at = NOW - timedelta(minutes=number)
    return Event(user_id=f"u{number % 2}", post_id="p1", kind=InteractionKind.COMMENT, at=at, event_id=f"e{number}")


EVENTS = st.one_of(
    st.builds(
        unnamed,
        st.sampled_from(["u0", "u1"]),
        st.sampled_from(["p0", "p1"]),
        st.sampled_from([InteractionKind.VIEW, InteractionKind.LIKE]),
        st.integers(0, 5),
    ),
    st.builds(named, st.integers(0, 5)),
)


def rows_of_set(events: Sequence[Event]) -> Rows:
    """The expected rows: each event with an id, and of the others the latest of each user, post and kind."""
    latest: dict[tuple[str, str, str], datetime] = {}
    rows: Rows = set()
    for event in events:
        if event.event_id is not None:
            rows.add((event.user_id, event.post_id, event.kind.value, event.at, event.event_id))
            continue
        key = event.user_id, event.post_id, event.kind.value
        latest[key] = max(event.at, latest.get(key, event.at))
    return rows | {(*key, at, None) for key, at in latest.items()}


def held(database: Database) -> Rows:
    with database.begin() as connection:
        query = "SELECT user_id, post_id, kind, created_at, event_id FROM warmline.interactions"
        return {(row[0], row[1], row[2], row[3], row[4]) for row in connection.exec_driver_sql(query)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(EVENTS, max_size=8), max_size=4))
def test_any_batches_with_repeats_leave_the_rows_of_their_set(database: Database, batches: list[list[Event]]) -> None:
    execute(database, "DELETE FROM warmline.interactions")
    execute(
        database, "INSERT INTO warmline.posts (id, author_id) VALUES ('p0', 'a'), ('p1', 'a') ON CONFLICT DO NOTHING"
    )
    new = sum(store_events(database, batch).new for batch in [*batches, *reversed(batches)])
    expected = rows_of_set([event for batch in batches for event in batch])
    assert (held(database), new) == (expected, len(expected))


# --- counts by feed ---------------------------------------------------------------------------------------------------


def on_page(user: str, kind: InteractionKind, generation: int, source: str = "neucf") -> Event:
    position = FeedPosition(source=source, generation=generation, position=0)
    return Event(user_id=user, post_id="p0", kind=kind, at=NOW, feed_position=position)


def test_of_an_event_in_two_batches_the_first_feed_and_the_latest_time_count(database: Database) -> None:
    execute(database, "INSERT INTO warmline.posts (id, author_id) VALUES ('p0', 'a')")
    execute(database, "SELECT setval('warmline.fences', 9)")
    first, second = on_page("u0", InteractionKind.LIKE, 7), replace(on_page("u0", InteractionKind.LIKE, 8), at=LATER)
    assert [stored.new for stored in store_batches(database, [[first], [second]])] == [1, 0]
    with database.begin() as connection:
        query = "SELECT generation, created_at FROM warmline.interactions"
        assert connection.exec_driver_sql(query).all() == [(7, LATER)]


def figures(database: Database) -> list[tuple[str, int | None, dict[str, int], float | None]]:
    found = feed_figures(database, generations=2)
    return [(each.source, each.generation, dict(each.events), each.likes_per_view) for each in found]


def world(database: Database) -> None:
    execute(database, "INSERT INTO warmline.posts (id, author_id) VALUES ('p0', 'a')")
    execute(database, f"SELECT setval('warmline.fences', {GENERATIONS_KEPT + 3})")  # the newest generation given out


def test_likes_per_view_are_counted_by_source_and_generation(database: Database) -> None:
    world(database)
    views = [on_page(f"u{number}", InteractionKind.VIEW, 7) for number in range(4)]
    store_events(database, [*views, on_page("u0", InteractionKind.LIKE, 7), on_page("u1", InteractionKind.LIKE, 8)])
    store_events(database, views)  # a repeat counts once
    assert figures(database) == [
        ("neucf", None, {"like": 2, "view": 4}, 0.5),
        ("neucf", 8, {"like": 1}, None),
        ("neucf", 7, {"like": 1, "view": 4}, 0.25),
    ]


def test_a_revoked_like_is_taken_off(database: Database) -> None:
    world(database)
    like = on_page("u0", InteractionKind.LIKE, 7)
    store_events(database, [on_page("u0", InteractionKind.VIEW, 7), like])
    assert revoke_events(database, [like]).events == 1
    assert figures(database)[0] == ("neucf", None, {"like": 0, "view": 1}, 0.0)


def test_old_generations_are_summed_up(database: Database) -> None:
    world(database)
    for generation in (1, 2, GENERATIONS_KEPT + 3):
        store_events(database, [on_page(f"u{generation}", InteractionKind.LIKE, generation)])
    assert scalar(database, "SELECT events FROM warmline.feed_counts WHERE generation = 0") == 2
    assert scalar(database, "SELECT count(*) FROM warmline.feed_counts") == 2
    assert figures(database)[0] == ("neucf", None, {"like": 3}, None)


def test_an_event_keeps_where_its_page_came_from(database: Database) -> None:
    world(database)
    store_events(database, [on_page("u0", InteractionKind.LIKE, 7)])
    query = "SELECT source || generation || ' ' || position FROM warmline.interactions"
    assert scalar(database, query) == "neucf7 0"
