"""Scoring serves people by when their events came, not by when these are said to have happened."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.events import Event, revoke_events, store_events
from shared.db.imports import merge_rows
from shared.domain import InteractionKind, Phase
from shared.errors import SourceError
from shared.ranked_lists import keys
from shared.ranked_lists.job_store import JobStore
from tests.apps import App, app_of
from tests.scoring import make_champion, score_run
from tests.stores import Held, empty_database, execute, heuristic_run, store_settings
from tests.worlds import NOW, Post, World, uuid_of, with_uuids, write_own_tables
from tests.worlds import Event as WorldEvent

POSTS = tuple(f"p{number}" for number in range(30))
TWO_HOURS_AGO = NOW - timedelta(hours=2)
WORLD = World(
    users=("warm", "new", "author"),
    posts=[Post(name, "author", 24 + number) for number, name in enumerate(POSTS)],
    events=[WorldEvent("warm", name, InteractionKind.LIKE, 5) for name in POSTS[:5]],
)


@pytest.fixture
def scored(database: Database, writer: JobStore, tmp_path: Path) -> Path:
    """One user is warm and has a list; two partial runs found nobody else."""
    write_own_tables(database, WORLD)
    make_champion(database, tmp_path)
    assert score_run(database, writer, tmp_path)["partial"] is False
    assert score_run(database, writer, tmp_path)["partial"] is True
    return tmp_path


def served(client: redis.Redis, *names: str) -> set[str]:
    """Those of these users who have a list of the second phase."""
    return {name for name in names if client.exists(keys.ranked_list(Phase.NEUCF, name))}


def likes(user: str, posts: Sequence[str], *, at: datetime = TWO_HOURS_AGO) -> list[Event]:
    return [Event(user_id=user, post_id=post, kind=InteractionKind.LIKE, at=at) for post in posts]


def by_the_api(database: Database) -> None:
    store_events(database, likes("new", POSTS[:5]))


def by_an_import(database: Database) -> None:
    at = TWO_HOURS_AGO.isoformat()
    merge_rows(database, "interactions", [("new", post, "like", at, None, None) for post in POSTS[:5]])


def ten_days_late(database: Database) -> None:
    store_events(database, likes("new", POSTS[:5], at=NOW - timedelta(days=10)))


def as_repeats(database: Database) -> None:
    """Two posts were liked before; the third comes now, and dates of the others move."""
    store_events(database, likes("new", POSTS[:3]))


@pytest.mark.parametrize("come", [by_the_api, by_an_import, ten_days_late, as_repeats])
def test_likes_that_come_late_are_scored_by_the_next_partial_run(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path, come: Callable[[Database], None]
) -> None:
    assert served(client, "warm", "new") == {"warm"}
    come(database)
    report = score_run(database, writer, scored)
    assert (report["partial"], report["lists"]) == (True, 1)
    assert served(client, "warm", "new") == {"warm", "new"}


def test_likes_of_a_transaction_that_a_run_overtook_are_scored_by_the_next_one(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    put = "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES ('new', :post, 'like', :at)"
    with database.own.engine.begin() as open_for_long:
        for post in POSTS[:5]:
            open_for_long.execute(sa.text(put), {"post": post, "at": TWO_HOURS_AGO})
        store_events(database, likes("warm", POSTS[9:10]))  # a later transaction that is done before
        assert score_run(database, writer, scored)["lists"] == 1
    assert score_run(database, writer, scored)["partial"] is True
    assert served(client, "new") == {"new"}


def test_nobody_is_scored_twice_for_one_event(database: Database, writer: JobStore, scored: Path) -> None:
    by_the_api(database)
    assert [score_run(database, writer, scored)["lists"] for _ in range(3)] == [1, 0, 0]


def test_who_takes_likes_back_and_is_cold_again_loses_their_list(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    assert revoke_events(database, likes("warm", POSTS[:3])).events == 3
    assert score_run(database, writer, scored)["partial"] is True
    assert served(client, "warm") == set()


def test_a_lower_bound_of_coldness_serves_people_with_the_next_run(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    store_events(database, likes("new", POSTS[:1]))
    score_run(database, writer, scored)
    assert served(client, "warm", "new") == {"warm"}
    assert score_run(database, writer, scored, cold_min_positives=1)["partial"] is False
    assert served(client, "warm", "new") == {"warm", "new"}
    assert score_run(database, writer, scored, cold_min_positives=1)["partial"] is True


def test_a_higher_bound_of_coldness_takes_lists_away_with_the_next_run(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    assert score_run(database, writer, scored, cold_min_positives=6)["partial"] is False
    assert served(client, "warm") == set()


@pytest.mark.parametrize("change", [{"max_lists": 7}, {"list_length": 10}, {"active_days": 60}])
def test_other_settings_that_decide_about_lists_want_a_run_over_everybody(
    database: Database, writer: JobStore, scored: Path, change: dict[str, Any]
) -> None:
    assert score_run(database, writer, scored, **change)["partial"] is False


def test_after_an_upgrade_the_first_run_is_over_everybody(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    execute(database, "UPDATE warmline.runs SET report = report - 'mark' - 'settings'")
    assert score_run(database, writer, scored)["partial"] is False
    assert score_run(database, writer, scored)["partial"] is True


def test_a_database_whose_transaction_numbers_began_anew_wants_a_run_over_everybody(
    database: Database, writer: JobStore, scored: Path
) -> None:
    execute(
        database, "UPDATE warmline.runs SET report = jsonb_set(report, '{mark}', '99999999999') WHERE job = 'score'"
    )
    assert score_run(database, writer, scored)["partial"] is False


def test_a_user_with_ten_thousand_likes_who_likes_once_more_is_the_only_one_scored(
    database: Database, writer: JobStore, scored: Path
) -> None:
    posts = [f"x{number}" for number in range(10_000)]
    write_own_tables(database, World(posts=[Post(name, "author", 2400) for name in posts]))
    rows = [("warm", name, "like", TWO_HOURS_AGO.isoformat(), None, None) for name in posts]
    merge_rows(database, "interactions", rows)
    assert score_run(database, writer, scored)["lists"] == 1
    store_events(database, likes("warm", POSTS[20:21]))
    report = score_run(database, writer, scored)
    assert (report["partial"], report["lists"]) == (True, 1)


def test_all_posts_by_one_author_who_likes_others_late_are_scored_for_all_but_the_author(
    database: Database, writer: JobStore, client: redis.Redis, scored: Path
) -> None:
    """Nothing may be shown to the author of everything: no list, and no failure."""
    store_events(database, likes("author", POSTS[:5]) + likes("new", POSTS[:5]))
    assert score_run(database, writer, scored)["lists"] == 1
    assert served(client, "author", "new") == {"new"}


# --- over views -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(server_url: str) -> Iterator[App]:
    with empty_database(server_url) as url, app_of(url, with_uuids(WORLD)) as app:
        yield app


@pytest.fixture
def viewing(database: Database, app: App, writer: JobStore, tmp_path: Path) -> Iterator[Database]:
    """The same over views: one full run and one partial run behind it."""
    own = database.own.engine.url.render_as_string(hide_password=False)
    with (
        app.views() as schema,
        closing(Database(store_settings(own, source_url=app.reader_url, source_schema=schema))) as viewing,
    ):
        make_champion(viewing, tmp_path)
        assert score_run(viewing, writer, tmp_path)["partial"] is False
        assert score_run(viewing, writer, tmp_path)["partial"] is True
        yield viewing
    app.run("DELETE FROM public.likes WHERE user_id = :user", user=uuid_of("new"))


def test_over_views_likes_that_come_late_are_scored_by_the_next_partial_run(
    viewing: Database, app: App, writer: JobStore, client: redis.Redis, tmp_path: Path
) -> None:
    for post in POSTS[:5]:
        app.run("INSERT INTO public.likes VALUES (:user, :post, :at)", user=uuid_of("new"), post=uuid_of(post),
                at=TWO_HOURS_AGO)  # fmt: skip
    report = score_run(viewing, writer, tmp_path)
    assert (report["partial"], report["lists"]) == (True, 1)
    assert served(client, uuid_of("new")) == {uuid_of("new")}
    assert score_run(viewing, writer, tmp_path)["lists"] == 0


def test_over_views_events_of_the_api_that_come_late_are_scored_too(
    viewing: Database, writer: JobStore, client: redis.Redis, tmp_path: Path
) -> None:
    store_events(viewing, likes(uuid_of("new"), [uuid_of(post) for post in POSTS[:5]]))
    assert score_run(viewing, writer, tmp_path)["lists"] == 1
    assert served(client, uuid_of("new")) == {uuid_of("new")}


def test_over_views_a_window_that_moves_on_is_no_change(viewing: Database, writer: JobStore, tmp_path: Path) -> None:
    report = score_run(viewing, writer, tmp_path, now=NOW + timedelta(hours=6))
    assert (report["partial"], report["lists"]) == (True, 0)


def test_over_views_a_failed_run_that_left_its_memory_wants_a_run_over_everybody(
    viewing: Database, writer: JobStore, tmp_path: Path
) -> None:
    execute(viewing, "UPDATE warmline.job_memory SET run_id = run_id + 1000")
    assert score_run(viewing, writer, tmp_path)["partial"] is False


def test_over_views_an_empty_view_is_noticed_beside_events_of_the_api(
    viewing: Database, app: App, writer: JobStore, held: Held
) -> None:
    for post in POSTS[:25]:
        app.run("INSERT INTO public.likes VALUES (:user, :post, :at)", user=uuid_of("new"), post=uuid_of(post), at=NOW)
    store_events(viewing, likes(uuid_of("warm"), [uuid_of(POSTS[9])]))
    heuristic_run(viewing, writer)
    before = held.dump()
    own = viewing.own.engine.url.render_as_string(hide_password=False)
    with (
        app.views(interactions="SELECT * FROM {} WHERE false") as schema,
        closing(Database(store_settings(own, source_url=app.reader_url, source_schema=schema))) as replaced,
        pytest.raises(SourceError, match="interactions: got 0 rows, expected some as in run"),
    ):
        heuristic_run(replaced, writer)
    assert held.dump() == before


@pytest.mark.parametrize(("keep_days", "lists"), [('{"like": 1}', 0), ("{}", 1)])
def test_likes_shape_taste_no_longer_than_they_are_kept(
    keep_days: str, lists: int, database: Database, writer: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMLINE_KEEP_DAYS", keep_days)
    old = [WorldEvent("warm", name, InteractionKind.LIKE, 25) for name in POSTS[:5]]
    write_own_tables(database, World(users=WORLD.users, posts=WORLD.posts, events=old))
    make_champion(database, tmp_path)
    assert score_run(database, writer, tmp_path)["lists"] == lists
