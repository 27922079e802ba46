"""What is taken down is left out of every read, in both data modes; events of suspended users are loaded apart."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from s02_train_neucf.data.load import load_training_data
from shared.candidates.ranking_input import RankingInput, load_ranking_input
from shared.content.encode_posts import Encoders
from shared.content.encoders.protocol import EncoderCard
from shared.db.bulk import load_active_users, load_all_posts, load_candidates, load_post_lives
from shared.db.bulk_events import load_all_events, load_events_of
from shared.db.engine import Database
from shared.db.events import Event, store_events
from shared.db.id_hashes import load_id_hashes
from shared.db.newest import newest_posts, posts_by_number
from shared.db.safety_outbox import pending_changes
from shared.db.takedown_acts import hide_post, reinstate_user, show_post, suspend_user
from shared.db.writes import PostWrite, delete_post, put_post
from shared.domain import InteractionKind
from shared.errors import WriteRefused
from shared.settings import ListSettings, WindowSettings
from tests.flow.deployment import Deployment
from tests.stores import execute, rows, scalar, store_settings
from tests.traces import make_views
from tests.worlds import NOW, TEN_POSTS, write_own_tables

CARD = EncoderCard(name="none", version="1", width=1, normalisation="none")
NO_ENCODERS = cast(Encoders, SimpleNamespace(image=SimpleNamespace(card=CARD), caption=SimpleNamespace(card=CARD)))
LONG_AGO = NOW - timedelta(days=30)
HIDDEN, SUSPENDED = "p5", "ben"  # ben wrote p3, p4 and p9, viewed p1 and liked p7 and p3
SHOWN = {"p1", "p2", "p6", "p7", "p10"}


@pytest.fixture(params=["own tables", "views"])
def world(request: pytest.FixtureRequest, database: Database) -> Iterator[Database]:
    """The ten posts in each data mode."""
    write_own_tables(database, TEN_POSTS)
    if request.param == "own tables":
        yield database
        return
    url = database.own.engine.url.render_as_string(hide_password=False)
    make_views(Deployment(database_url=url.replace("+psycopg2", ""), redis_url=""))
    try:
        with closing(Database(store_settings(url, source_schema="team"))) as viewing:
            yield viewing
    finally:
        execute(database, "DROP SCHEMA team CASCADE")


@pytest.fixture
def down(world: Database) -> Database:
    hide_post(world, HIDDEN)
    suspend_user(world, SUSPENDED)
    return world


def _ranked(database: Database) -> RankingInput:
    return load_ranking_input(database, WindowSettings(), ListSettings(), NOW)


def _hashes(database: Database, *ids: str) -> list[int]:
    with database.read() as snapshot:
        found: list[int] = load_id_hashes(snapshot, ids).tolist()
        return found


def test_every_read_of_posts_leaves_them_out(down: Database) -> None:
    shown = _hashes(down, *SHOWN)
    assert {post.post_id for post in newest_posts(down, now=NOW, limit=3)} == {"p10", "p1", "p2"}
    assert {post.post_id for post in newest_posts(down, now=NOW, limit=100)} == SHOWN
    with down.read() as snapshot:
        assert set(load_candidates(snapshot, since=LONG_AGO, now=NOW, at_least=1).ids) == SHOWN
        assert set(load_candidates(snapshot, since=NOW + timedelta(days=1), now=NOW, at_least=4).ids) < SHOWN
        assert sorted(load_all_posts(snapshot, now=NOW).id_hashes.tolist()) == sorted(shown)
    newest_posts(down, now=NOW, limit=100)
    numbers = [number for (number,) in rows(down, "SELECT row FROM warmline.post_rows")]
    assert {post.post_id for post in posts_by_number(down, numbers)} == SHOWN


def test_posts_by_number_leaves_out_those_that_had_numbers_before(world: Database) -> None:
    newest_posts(world, now=NOW, limit=100)
    numbers = [number for (number,) in rows(world, "SELECT row FROM warmline.post_rows")]
    assert {HIDDEN, "p3"} < {post.post_id for post in posts_by_number(world, numbers)}
    hide_post(world, HIDDEN)
    suspend_user(world, SUSPENDED)
    assert {post.post_id for post in posts_by_number(world, numbers)} == SHOWN


def test_a_replay_knows_a_hidden_post_up_to_the_time_when_it_was_hidden(down: Database) -> None:
    execute(down, "UPDATE warmline.takedowns SET created_at = :at", at=NOW - timedelta(hours=5))
    (hidden,), theirs = _hashes(down, HIDDEN), set(_hashes(down, "p3", "p4"))
    with down.read() as snapshot:
        lives = load_post_lives(snapshot, now=NOW)
    until = dict(zip(lives.id_hashes.tolist(), lives.deleted_at.tolist(), strict=True))
    assert until[hidden] == (NOW - timedelta(hours=5)).timestamp()
    assert theirs.isdisjoint(until)


def test_events_of_a_suspended_user_are_loaded_apart_and_for_their_own_list(down: Database) -> None:
    (ben,) = _hashes(down, SUSPENDED)
    with down.read() as snapshot:
        loaded = load_all_events(snapshot, since=LONG_AGO, now=NOW)
        own = load_events_of(snapshot, [SUSPENDED], since=LONG_AGO, now=NOW)
        active = load_active_users(snapshot, since=LONG_AGO, now=NOW, at_most=10)
    assert ben not in loaded.counted.user_id_hashes
    assert set(loaded.silent.user_id_hashes.tolist()) == {ben}
    assert (len(loaded.silent), len(own), len(loaded.uncounted)) == (3, 3, 0)
    assert SUSPENDED in active.ids
    assert ben not in load_training_data(down, NO_ENCODERS, days=730, now=NOW).events.user_id_hashes


def test_what_a_suspended_user_saw_and_hid_is_still_withheld_from_them(world: Database) -> None:
    hide = Event(user_id=SUSPENDED, post_id="p2", kind=InteractionKind.HIDE, at=NOW)
    store_events(world, [hide])
    before = _viewer(_ranked(world))
    suspend_user(world, SUSPENDED)
    assert before[0] == {"p2"}
    assert _viewer(_ranked(world)) == (before[0], before[1] - {"p3"}), "their own posts are no candidates"


def _viewer(inputs: RankingInput) -> tuple[set[str], set[str]]:
    """What ben has hidden and seen, by post id."""
    name, viewer = dict(zip(inputs.post_numbers, inputs.posts.ids, strict=True)), inputs.viewers[SUSPENDED]
    return {name[number] for number in viewer.hidden_posts}, {name[number] for number in viewer.seen_posts}


def test_all_of_it_comes_back(down: Database) -> None:
    before = _ranked(down)
    show_post(down, HIDDEN)
    reinstate_user(down, SUSPENDED)
    inputs = _ranked(down)
    assert set(inputs.posts.ids) == SHOWN | {HIDDEN, "p3", "p4"}
    assert len(inputs.events) == len(before.events) + 3
    assert (before.removed != set(), inputs.removed) == (True, set())
    assert (list(before.suspended), list(inputs.suspended)) == ([SUSPENDED], [])


def test_a_run_does_not_mark_posts_of_a_suspended_author_as_removed(world: Database) -> None:
    """Their author is withheld instead: so they are back at once, whatever their age."""
    _ranked(world)
    suspend_user(world, SUSPENDED)
    assert _ranked(world).removed == set()


def test_who_was_suspended_long_ago_is_in_no_list(down: Database) -> None:
    execute(down, "UPDATE warmline.takedowns SET created_at = :at", at=datetime(2026, 1, 1, tzinfo=NOW.tzinfo))
    assert list(_ranked(down).suspended) == []


def test_an_act_and_its_note_are_one_transaction_and_a_repeat_notes_it_again(world: Database) -> None:
    for _ in range(2):
        hide_post(world, HIDDEN)
        suspend_user(world, SUSPENDED)
    changes = pending_changes(world)
    assert [(len(change.post_numbers), list(change.author_ids)) for change in changes] == [
        (1, []), (0, [SUSPENDED]), (1, []), (0, [SUSPENDED]),
    ]  # fmt: skip
    show_post(world, HIDDEN)
    assert show_post(world, HIDDEN).id is None, "there is nothing to tell Redis"


def test_a_deletion_ends_a_takedown_for_good(world: Database) -> None:
    hide_post(world, HIDDEN)
    delete_post(world, HIDDEN)
    assert scalar(world, "SELECT count(*) FROM warmline.takedowns") == 0
    for act in (hide_post, show_post):
        with pytest.raises(WriteRefused, match="the post was deleted, and stays so"):
            act(world, HIDDEN)
    assert scalar(world, "SELECT removed_at IS NOT NULL FROM warmline.post_rows WHERE post_id = :id", id=HIDDEN)


def test_a_hidden_post_can_still_be_written_and_stays_hidden(database: Database) -> None:
    write_own_tables(database, TEN_POSTS)
    hide_post(database, HIDDEN)
    put_post(database, PostWrite(post_id=HIDDEN, author_id="cat", caption="edited", image_url=None, created_at=None))
    assert HIDDEN not in _ranked(database).posts.ids
    show_post(database, HIDDEN)
    assert HIDDEN in _ranked(database).posts.ids
    assert np.all(np.diff(_ranked(database).posts.created_at) <= 0)
