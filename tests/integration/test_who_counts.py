"""Over views the view of users decides who counts; in our own tables whoever acts is known."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from s01_heuristic.new_posts import count_viewers
from s02_train_neucf.data.load import load_training_data
from shared.candidates.ranking_input import RankingInput, load_ranking_input
from shared.content.encode_posts import Encoders
from shared.content.encoders.protocol import EncoderCard
from shared.db.bulk import load_active_users, load_all_posts, load_candidates, load_post_lives
from shared.db.bulk_events import load_events
from shared.db.details import user_details
from shared.db.doctor.rows import RowProbe, look_for_unknown, look_for_unknown_senders
from shared.db.engine import Database
from shared.db.erasure import erase_user
from shared.db.events import Event, store_events
from shared.db.id_hashes import load_id_hashes
from shared.db.newest import newest_posts, posts_by_number
from shared.db.post_rows import assign_post_numbers, transaction_snapshot
from shared.db.vectors import load_content
from shared.db.writes import PostWrite, put_post
from shared.domain import InteractionKind
from shared.errors import SourceError
from shared.ranked_lists.job_store import JobStore
from shared.settings import ListSettings, WindowSettings
from tests.apps import App, app_of
from tests.stores import Held, bury_in, empty_database, heuristic_run, rows, scalar, store_settings
from tests.worlds import NOW, Post, World, uuid_of, with_uuids
from timeline.metrics import Metrics

PEOPLE = ("ann", "ben")
# The newest first, as long as nobody likes any: p286 is the post in place 286.
WORLD = with_uuids(
    World(users=[*PEOPLE, "author"], posts=[Post(f"p{n}", "author", n / 10) for n in range(1, 301)], events=())
)
TARGET = uuid_of("p286")
BOTS = [f"bot-{n}" for n in range(200)]
BOTS_IN_SQL = "SELECT 'bot-' || n AS id FROM generate_series(0, 199) AS n"
LIKES_OF_BOTS = f"SELECT id, '{TARGET}', 'like', '{NOW.isoformat()}'::timestamptz FROM ({BOTS_IN_SQL}) AS bots"
WITH_BOTS = f"SELECT * FROM {{}} UNION ALL SELECT id, '{NOW.isoformat()}'::timestamptz FROM ({BOTS_IN_SQL}) AS bots"
WITH_THEIR_LIKES = f"SELECT * FROM {{}} UNION ALL {LIKES_OF_BOTS}"
WITHOUT_THE_AUTHOR = f"SELECT * FROM {{}} WHERE id <> '{uuid_of('author')}'"
BY_A_STRANGER = (
    "SELECT * FROM {} UNION ALL SELECT 'theirs', 'stranger', 'a caption', NULL,"
    f" '{NOW.isoformat()}'::timestamptz, NULL"
)

CARD = EncoderCard(name="none", version="1", width=1, normalisation="none")
NO_ENCODERS = cast(Encoders, SimpleNamespace(image=SimpleNamespace(card=CARD), caption=SimpleNamespace(card=CARD)))


@pytest.fixture(scope="module")
def app(server_url: str) -> Iterator[App]:
    with empty_database(server_url) as url, app_of(url, WORLD) as app:
        yield app


@contextmanager
def views(database: Database, app: App, **changed: str) -> Iterator[Database]:
    """Our database beside the app's views in another one, some of them changed."""
    own = database.own.engine.url.render_as_string(hide_password=False)
    with (
        app.views(**changed) as schema,
        closing(Database(store_settings(own, source_url=app.reader_url, source_schema=schema))) as viewing,
    ):
        yield viewing


def like(
    database: Database,
    *users: str,
    post: str = TARGET,
    kind: InteractionKind = InteractionKind.LIKE,
    at: datetime = NOW,
) -> None:
    """Events by the API."""
    stored = store_events(database, [Event(user_id=user, post_id=post, kind=kind, at=at) for user in users])
    assert (stored.new, stored.refused) == (len(users), {})


def world_of(database: Database) -> RankingInput:
    return load_ranking_input(database, WindowSettings(), ListSettings(), NOW)


def place_of_target(database: Database, writer: JobStore, held: Held) -> int:
    heuristic_run(database, writer)
    return held.posts_of(held.everyone()).index(TARGET) + 1


# --- people who are not in the view of users --------------------------------------------------------------------------


def test_two_hundred_banned_bots_lift_no_post_whether_the_view_or_the_api_brings_their_likes(
    database: Database, app: App, writer: JobStore, held: Held
) -> None:
    with views(database, app) as viewing:
        assert place_of_target(viewing, writer, held) == 286
        like(viewing, *BOTS)
        assert place_of_target(viewing, writer, held) == 286
    with views(database, app, interactions=WITH_THEIR_LIKES) as viewing:
        assert place_of_target(viewing, writer, held) == 286


def test_on_the_day_they_appear_in_the_view_all_that_they_did_counts(
    database: Database, app: App, writer: JobStore, held: Held
) -> None:
    with views(database, app) as viewing:
        like(viewing, *BOTS)
        assert place_of_target(viewing, writer, held) == 286
    with views(database, app, users=WITH_BOTS) as viewing:
        assert place_of_target(viewing, writer, held) < 8


def test_who_is_not_in_the_view_gets_no_list(database: Database, app: App, writer: JobStore, held: Held) -> None:
    with views(database, app, interactions=WITH_THEIR_LIKES) as viewing:
        like(viewing, "stranger", uuid_of("ann"))
        heuristic_run(viewing, writer)
    listed = {name.rpartition(":")[2] for name in held.dump() if name.startswith("wl:list")}
    assert listed & {uuid_of("ann"), "stranger", *BOTS} == {uuid_of("ann")}


def test_they_are_no_viewers_of_a_new_post(database: Database, app: App) -> None:
    with views(database, app) as viewing:
        like(viewing, *BOTS, uuid_of("ann"), kind=InteractionKind.VIEW)
        world = world_of(viewing)
    assert count_viewers(world.posts, world.candidate_events)[world.posts.ids.index(TARGET)] == 1


def test_training_and_scoring_read_the_events_of_the_same_people(database: Database, app: App) -> None:
    with views(database, app, interactions=WITH_THEIR_LIKES) as viewing:
        like(viewing, "stranger", uuid_of("ann"))
        data = load_training_data(viewing, NO_ENCODERS, days=730, now=NOW)
        with viewing.read() as snapshot:
            (ann,) = load_id_hashes(snapshot, [uuid_of("ann")]).tolist()
            scored = load_events(snapshot, since=NOW - timedelta(days=730), now=NOW)
    assert (data.events.user_id_hashes.tolist(), scored.user_id_hashes.tolist()) == ([ann], [ann])


def test_what_they_hid_is_still_withheld_from_them(database: Database, app: App) -> None:
    with views(database, app) as viewing:
        like(viewing, "stranger", kind=InteractionKind.HIDE)
        world = world_of(viewing)
    assert world.viewers["stranger"].hidden_posts == {world.post_numbers[world.posts.ids.index(TARGET)]}


def test_they_are_counted_in_the_report_and_by_a_metric_and_go_with_an_erasure(
    database: Database, app: App, writer: JobStore
) -> None:
    with views(database, app, posts=BY_A_STRANGER) as viewing:
        like(viewing, "stranger", "another")
        like(viewing, "stranger", uuid_of("ann"), kind=InteractionKind.SAVE)
        report = heuristic_run(viewing, writer)
        assert report["uncounted"] == {"users": 2, "events": 3, "posts": 1, "repeated_posts": 0}
        erase_user(viewing, "stranger")
        assert heuristic_run(viewing, writer)["uncounted"] == {"users": 1, "events": 1, "posts": 0, "repeated_posts": 0}
    metrics = Metrics()
    done = {"job": "heuristic", "state": "done", "started_at": NOW, "finished_at": NOW, "report": report}
    metrics.runs([done])
    assert b'warmline_uncounted{what="events"} 3.0' in metrics.text()


def test_a_run_of_an_earlier_version_has_no_such_counts() -> None:
    metrics = Metrics()
    metrics.runs([{"job": "heuristic", "state": "done", "started_at": NOW, "finished_at": NOW, "report": {}}])
    assert b"warmline_uncounted{" not in metrics.text()


def test_doctor_counts_those_who_sent_events_to_the_api(database: Database, app: App) -> None:
    with views(database, app) as viewing:
        like(viewing, "stranger", uuid_of("ann"))
        with viewing.read() as snapshot:
            own, source = (RowProbe(snapshot.connection(place), place) for place in viewing.homes("blocks")[::-1])
            unknown = look_for_unknown_senders(own, source)
    assert unknown is not None
    assert (unknown.count, unknown.total, unknown.examples) == (1, 2, ("stranger",))


# --- posts whose author is not in it ----------------------------------------------------------------------------------


def test_a_post_of_an_unknown_author_is_shown_nowhere(
    database: Database, app: App, writer: JobStore, held: Held
) -> None:
    """What doctor counts as unknown is what every read leaves out: lists, the fallbacks, photos, training."""
    with views(database, app, posts=BY_A_STRANGER) as viewing:
        heuristic_run(viewing, writer)
        with viewing.read() as snapshot, viewing.begin() as connection:
            assign_post_numbers(connection, ["theirs"], as_of=transaction_snapshot(snapshot))
        with viewing.read() as snapshot:
            (theirs,) = load_id_hashes(snapshot, ["theirs"]).tolist()
            keys = np.append(load_all_posts(snapshot, now=NOW).id_hashes, load_post_lives(snapshot, now=NOW).id_hashes)
            (place,) = viewing.homes("posts")
            unknown = look_for_unknown(RowProbe(snapshot.connection(place), place), "posts", "author_id")
        with viewing.read() as snapshot:
            content = [post.post_id for post in load_content(snapshot, now=NOW)]
        (row,) = rows(viewing, "SELECT row FROM warmline.post_rows WHERE post_id = 'theirs'")
        newest = [post.post_id for post in newest_posts(viewing, now=NOW, limit=400)]
        assert posts_by_number(viewing, list(row)) == []
    assert unknown is not None
    assert unknown.examples == ("stranger",)
    assert "theirs" not in {*held.posts_of(held.everyone()), *content, *newest}
    assert len(newest) == len(content) == len(keys) // 2 == len(WORLD.posts)
    assert theirs not in keys


def test_such_posts_take_no_places_of_others_in_a_quiet_app(database: Database, app: App) -> None:
    with views(database, app, posts=BY_A_STRANGER) as viewing:
        assert [post.post_id for post in newest_posts(viewing, now=NOW, limit=1)] == [WORLD.posts[0].id]
        with viewing.read() as snapshot:
            found = load_candidates(snapshot, since=NOW + timedelta(days=1), now=NOW, at_least=2)
    assert (found.ids, found.of_unknown) == ([WORLD.posts[0].id, WORLD.posts[1].id], 1)


def test_when_an_author_leaves_the_view_their_posts_are_withheld_after_the_next_run(
    database: Database, app: App, writer: JobStore, held: Held
) -> None:
    without = BY_A_STRANGER.replace("'stranger'", f"'{uuid_of('ann')}'")
    with views(database, app, posts=without) as viewing:
        heuristic_run(viewing, writer)
    with views(
        database, app, posts=without, users=WITHOUT_THE_AUTHOR.replace(uuid_of("author"), uuid_of("ann"))
    ) as viewing:
        heuristic_run(viewing, writer)
    assert [held.post(row).post_id for row in held.deleted()] == ["theirs"]


def test_an_event_on_such_a_post_is_kept(database: Database, app: App) -> None:
    with views(database, app, posts=BY_A_STRANGER) as viewing:
        like(viewing, uuid_of("ann"), post="theirs")


def test_a_view_of_users_that_went_empty_publishes_nothing(
    database: Database, app: App, writer: JobStore, held: Held
) -> None:
    with views(database, app) as viewing:
        heuristic_run(viewing, writer)
    before = held.dump()
    with (
        views(database, app, users="SELECT * FROM {} WHERE false") as viewing,
        pytest.raises(SourceError, match=r"posts: got 0 rows, .* that of users, whose posts alone are shown\?"),
    ):
        heuristic_run(viewing, writer)
    assert (held.dump(), held.deleted()) == (before, set())


# --- events that a view brings twice ----------------------------------------------------------------------------------


def test_events_that_a_view_brings_twice_count_once(database: Database, app: App, writer: JobStore, held: Held) -> None:
    twice = "SELECT * FROM {0} UNION ALL SELECT * FROM {0}"
    app.run("INSERT INTO public.likes VALUES (:user, :post, :at)", user=uuid_of("ann"), post=TARGET, at=NOW)
    try:
        with views(database, app) as viewing:
            once = place_of_target(viewing, writer, held)
        with views(database, app, interactions=twice) as viewing:
            assert place_of_target(viewing, writer, held) == once
            like(viewing, uuid_of("ann"), at=NOW - timedelta(hours=1))
            assert place_of_target(viewing, writer, held) == once
            with viewing.read() as snapshot:
                assert user_details(snapshot, uuid_of("ann")).positives == 1
    finally:
        app.run("DELETE FROM public.likes")


# --- our own tables ---------------------------------------------------------------------------------------------------

THEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
USERS = "SELECT id, created_at FROM warmline.users ORDER BY id"


def write_post(database: Database, author: str = "author", created_at: datetime | None = THEN) -> None:
    post = PostWrite(post_id=TARGET, author_id=author, caption="", image_url=None, created_at=created_at)
    put_post(database, post)


def test_an_event_makes_its_user_known_as_having_joined_then(database: Database) -> None:
    write_post(database)
    like(database, "eve", at=THEN + timedelta(hours=1))
    # Later sent, earlier made: who is known stays as they are.
    like(database, "eve", kind=InteractionKind.VIEW, at=THEN)
    assert rows(database, USERS) == [("author", THEN), ("eve", THEN + timedelta(hours=1))]
    with database.read() as snapshot:
        active = load_active_users(snapshot, since=THEN, now=THEN + timedelta(days=1), at_most=10)
    assert set(active.ids) == {"author", "eve"}


def test_an_event_that_is_refused_makes_nobody_known(database: Database) -> None:
    bury_in(database, "users", "gone")
    write_post(database)
    events = [
        Event(user_id=user, post_id=post, kind=InteractionKind.LIKE, at=THEN)
        for user, post in (("gone", TARGET), ("eve", "no"))
    ]
    assert len(store_events(database, events).refused) == 2
    assert [user for user, _ in rows(database, USERS)] == ["author"]


def test_a_post_without_a_time_makes_its_author_known_now(database: Database) -> None:
    write_post(database, created_at=None)
    assert scalar(database, "SELECT now() - created_at < '1 minute' FROM warmline.users WHERE id = 'author'")


def test_over_views_an_event_writes_no_user_of_ours(database: Database, app: App) -> None:
    with views(database, app) as viewing:
        like(viewing, "stranger")
    assert rows(database, USERS) == []
