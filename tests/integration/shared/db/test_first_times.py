"""Of a repeated event the first and the last time are kept, whoever writes them and in whatever order they come."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.database import move_times
from shared.db.arrivals import arrivals_mark, arrived_since
from shared.db.bulk_events import EVERYTHING, KeptSince, load_all_events, load_events, load_events_of
from shared.db.engine import Database
from shared.db.events import Event, revoke_events, store_batches, store_events
from shared.db.retention import remove_old_events
from shared.domain import InteractionKind
from tests.flow.deployment import Deployment
from tests.stores import execute, rows, store_settings
from tests.traces import make_views
from tests.worlds import NOW

VIEW, LIKE = InteractionKind.VIEW, InteractionKind.LIKE
KEPT = "SELECT created_at, first_at FROM warmline.interactions ORDER BY kind"
# What the version before migration 0013 does with an event; it may run beside the present one.
OLDER_UPSERT = """
    INSERT INTO warmline.interactions AS kept (user_id, post_id, kind, created_at)
    VALUES ('ann', 'p', 'view', :at)
    ON CONFLICT (user_id, post_id, kind) WHERE event_id IS NULL DO UPDATE
    SET created_at = EXCLUDED.created_at, changed_xid = EXCLUDED.changed_xid
    WHERE kept.created_at < EXCLUDED.created_at
    RETURNING xmax = 0
    """


def day(number: float) -> datetime:
    """A time before now, so many days after a beginning."""
    return NOW - timedelta(days=30) + timedelta(days=number)


BEGINNING = day(0)


def view(at: datetime, kind: InteractionKind = VIEW) -> Event:
    return Event(user_id="ann", post_id="p", kind=kind, at=at)


@pytest.fixture
def world(database: Database) -> Database:
    """A post, and a user who has done nothing."""
    execute(database, "INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('p', 'ben', :at)", at=day(0))
    execute(database, "INSERT INTO warmline.users VALUES ('ann', :at), ('ben', :at)", at=day(0))
    return database


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_an_event_that_happened_once_has_no_first_time_of_its_own(world: Database) -> None:
    store_events(world, [view(day(3))])
    store_events(world, [view(day(3))])
    assert rows(world, KEPT) == [(day(3), None)]


@pytest.mark.parametrize("order", [(3, 20), (20, 3), (9, 3, 20), (20, 9, 3), (3, 20, 9)])
@pytest.mark.parametrize("at_once", ["one batch", "batches", "transactions"])
def test_the_first_and_the_last_time_stay_in_whatever_order_they_come(
    world: Database, order: Sequence[int], at_once: str
) -> None:
    events = [view(day(number)) for number in order]
    if at_once == "one batch":
        store_events(world, events)
    elif at_once == "batches":
        store_batches(world, [[event] for event in events])
    else:
        for event in events:
            store_events(world, [event])
    assert rows(world, KEPT) == [(day(20), day(3))]


def test_kinds_are_dated_apart(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(20)), view(day(20), LIKE)])
    assert rows(world, KEPT) == [(day(20), None), (day(20), day(3))]


def test_an_earlier_time_that_arrives_late_is_a_change_and_a_time_between_is_none(world: Database) -> None:
    """Whoever looks for what has changed finds it by its transaction."""
    store_events(world, [view(day(9)), view(day(20))])
    mark = arrivals_mark(world)
    store_events(world, [view(day(12))])
    assert arrived_since(world, mark) == set()
    store_events(world, [view(day(3))])
    assert arrived_since(world, mark) == {"ann"}


def test_what_is_taken_back_leaves_no_first_time(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(20))])
    assert revoke_events(world, [view(day(20))]).events == 1
    store_events(world, [view(day(25))])
    assert rows(world, KEPT) == [(day(25), None)]


def test_removal_goes_by_the_last_time(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(20))])
    assert remove_old_events(world, VIEW, since=day(0), before=day(10)).count == 0
    assert remove_old_events(world, VIEW, since=day(0), before=day(21)).count == 1


WRITES = st.lists(st.tuples(st.sampled_from(["older", "newer"]), st.integers(0, 6)), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES)
def test_beside_a_process_of_the_version_before_no_first_time_is_lost(
    world: Database, writes: list[tuple[str, int]]
) -> None:
    """A later time that it writes is never before the first; only an earlier time that it gets late goes unnoticed."""
    execute(world, "DELETE FROM warmline.interactions")
    first = last = None
    for writer, number in writes:
        at = day(number)
        if writer == "older":
            execute(world, OLDER_UPSERT, at=at)
        else:
            store_events(world, [view(at)])
        if first is None or last is None:
            first = last = at
        first = first if writer == "older" else min(first, at)
        last = max(last, at)
    assert rows(world, KEPT) == [(last, None if first == last else first)]


def test_the_version_before_still_tells_new_events_from_repeats(world: Database) -> None:
    """It counts those of a feed by what the statement returns."""
    told = [rows(world, OLDER_UPSERT, at=day(number)) for number in (3, 20, 9)]
    assert told == [[(True,)], [(False,)], []]


def test_a_demo_whose_times_are_moved_has_not_repeated_anything(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(9)), view(day(20), LIKE)])
    move_times(world.own.engine.url.render_as_string(hide_password=False), day(25))
    assert _times(world) == [day(8), day(14), day(25)]


# --- what is loaded ---------------------------------------------------------------------------------------------------


def _times(database: Database, *, since: datetime = BEGINNING, kept_since: KeptSince = EVERYTHING) -> list[datetime]:
    """Of the events as training loads them."""
    with database.read() as snapshot:
        loaded = load_events(snapshot, since=since, now=NOW, kept_since=kept_since, with_first_times=True)
    return sorted(datetime.fromtimestamp(at, NOW.tzinfo) for at in loaded.at.tolist())


@pytest.mark.parametrize("of_some", [True, False])
def test_a_scoring_run_reads_first_times_as_training_does(world: Database, *, of_some: bool) -> None:
    store_events(world, [view(day(3)), view(day(9)), view(day(20), LIKE)])
    with world.read() as snapshot:
        (user,) = {row[0] for row in rows(world, "SELECT user_id FROM interactions")}
        if of_some:
            loaded = load_events_of(snapshot, [user], since=BEGINNING, now=NOW, with_first_times=True)
        else:
            loaded = load_all_events(snapshot, since=BEGINNING, now=NOW, with_first_times=True).counted
    assert sorted(datetime.fromtimestamp(at, NOW.tzinfo) for at in loaded.at.tolist()) == _times(world)


@contextmanager
def _over_views(world: Database, interactions: str) -> Iterator[Database]:
    """The world in tables of the team's, with this view of interactions."""
    url = world.own.engine.url.render_as_string(hide_password=False)
    make_views(Deployment(database_url=url.replace("+psycopg2", ""), redis_url=""))
    execute(world, f"DROP VIEW team.interactions; CREATE VIEW team.interactions AS {interactions}")
    try:
        with closing(Database(store_settings(url, source_schema="team"))) as viewing:
            yield viewing
    finally:
        execute(world, "DROP SCHEMA team CASCADE")


def test_training_loads_a_repeated_event_at_both_times_and_another_once(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(20)), view(day(20), LIKE)])
    assert _times(world) == [day(3), day(20), day(20)]


def test_rankings_of_now_load_it_once_at_its_last_time(world: Database) -> None:
    store_events(world, [view(day(3)), view(day(20))])
    with world.read() as snapshot:
        loaded = [
            load_events(snapshot, since=day(0), now=NOW),
            load_all_events(snapshot, since=day(0), now=NOW).counted,
            load_events_of(snapshot, ["ann"], since=day(0), now=NOW),
        ]
    assert [events.at.tolist() for events in loaded] == [[day(20).timestamp()]] * 3


@pytest.mark.parametrize(
    ("since", "kept_since"), [(day(4), {}), (day(0), {VIEW: day(4)}), (day(2), {VIEW: day(4), LIKE: day(0)})]
)
def test_a_first_time_that_is_too_old_is_not_read(world: Database, since: datetime, kept_since: KeptSince) -> None:
    store_events(world, [view(day(3)), view(day(20))])
    assert _times(world, since=since, kept_since=kept_since) == [day(20)]
    assert _times(world, since=since, kept_since={LIKE: day(4)}) == ([day(3), day(20)] if since < day(4) else [day(20)])


def test_a_first_time_ahead_of_now_is_now(world: Database) -> None:
    """As an import may bring it: one clock was wrong, and the event is no older than now."""
    execute(
        world,
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at, first_at)"
        " VALUES ('ann', 'p', 'view', :last, :first)",
        last=NOW + timedelta(days=2),
        first=NOW + timedelta(days=1),
    )
    assert set(_times(world)) == {NOW}


COLUMNS = "SELECT user_id, post_id, kind, created_at"
FIRST = f"'{day(3).isoformat()}'::timestamptz"


@pytest.mark.parametrize(
    ("view_of", "expected"),
    [
        (f"{COLUMNS}, {FIRST} AS first_at FROM team.their_interactions", [3, 20]),
        (f"{COLUMNS} FROM team.their_interactions", [20]),
        (f"{COLUMNS}, NULL::timestamptz AS first_at FROM team.their_interactions", [20]),
        (f"{COLUMNS}, '{day(3).isoformat()}' AS first_at FROM team.their_interactions", [20]),
        (f"{COLUMNS}, created_at + interval '1 day' AS first_at FROM team.their_interactions", [20]),
        (f"{COLUMNS} FROM team.their_interactions UNION ALL SELECT 'ann', 'p', 'view', {FIRST}", [3, 20]),
    ],
    ids=["a column", "no column", "an empty one", "one of another type", "one after the last time", "several rows"],
)
def test_over_views_a_column_or_several_rows_say_when_an_event_was_first(
    world: Database, view_of: str, expected: list[int]
) -> None:
    store_events(world, [view(day(20))])
    with _over_views(world, view_of) as viewing:
        assert _times(viewing) == [day(number) for number in expected]


def test_over_views_the_apis_events_keep_both_times_too(world: Database) -> None:
    with _over_views(world, f"{COLUMNS} FROM team.their_interactions") as viewing:
        store_events(viewing, [view(day(3)), view(day(20))])
        assert _times(viewing) == [day(3), day(20)]
