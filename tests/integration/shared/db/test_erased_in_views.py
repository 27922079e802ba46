"""Views that still show what was erased or deleted: Warmline leaves it out, and tells the team's PostgreSQL nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha1, sha256
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from shared.db import tombstones
from shared.db.asked import known_askers
from shared.db.bulk import load_active_users, load_all_posts, load_block_pairs, load_candidates, load_post_lives
from shared.db.bulk_events import load_all_events, load_events_of
from shared.db.engine import Database
from shared.db.erasure import erase_user
from shared.db.events import Event, store_events
from shared.db.id_hashes import load_id_hashes
from shared.db.migrate import migrate
from shared.db.newest import newest_posts, posts_by_number, viewers_of
from shared.db.safety import load_blocks, load_hides, note_removals, visibility_of_posts
from shared.db.vectors import load_content
from shared.db.writes import delete_post
from shared.domain import InteractionKind
from shared.ranked_lists.job_store import JobStore
from tests.recording import Recorded, recording
from tests.stores import Held, bury_in, empty_database, execute, heuristic_run, rows, scalar, store_settings
from tests.worlds import NOW, TEN_POSTS, Post, write_own_tables
from tests.worlds import Event as Act

ERASED, DELETED = "ben", "p5"  # ben wrote p3, p4 and p9, liked, viewed, and is in a block with cat
ODD = ("back\\slash", "quote'", 'two"', "\\N", "straße 🐕", "x" * 128, "%s", "\\.")
LONG_AGO = NOW - timedelta(days=30)
WORLD = replace(
    TEN_POSTS,
    users=(*TEN_POSTS.users, *ODD),
    posts=(
        *TEN_POSTS.posts,
        *(Post(f"of {name}"[:128], name, 5) for name in ODD),
        *(Post(name, "dan", 6) for name in ODD),
    ),
    events=(
        *TEN_POSTS.events,
        *(Act(name, "p7", InteractionKind.LIKE) for name in ODD),
        Act(ERASED, "p6", InteractionKind.HIDE),
    ),
    blocks=(*TEN_POSTS.blocks, (ERASED, "cat"), ("dan", ERASED)),
)


@dataclass(frozen=True, slots=True)
class Team:
    """The team's PostgreSQL, behind a proxy that records all statements."""

    theirs: Database  # as the team's app writes to it
    address: str  # through the proxy
    sent: Recorded


@pytest.fixture(scope="module")
def team(server_url: str) -> Iterator[Team]:
    with empty_database(server_url) as url, closing(Database(store_settings(url))) as theirs:
        migrate(theirs)
        views = (f"CREATE VIEW team.{name} AS SELECT * FROM warmline.{name}" for name in ("users", "posts", "blocks"))
        acts = "CREATE VIEW team.interactions AS SELECT user_id, post_id, kind, created_at FROM warmline.interactions"
        execute(theirs, "; ".join(["CREATE SCHEMA team", *views, acts]))
        write_own_tables(theirs, WORLD)
        address = sa.engine.make_url(url)
        with recording(str(address.host), int(address.port or 0)) as (port, sent):
            through = address.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
            yield Team(theirs=theirs, address=through, sent=sent)


@pytest.fixture
def viewing(team: Team, database: Database) -> Iterator[Database]:
    """Warmline with the team's views, and its own tables in another database."""
    url = database.own.engine.url.render_as_string(hide_password=False)
    with closing(Database(store_settings(url, source_url=team.address, source_schema="team"))) as viewing:
        yield viewing


def everything_read(database: Database, writer: JobStore) -> None:
    """Each way in which Warmline reads the team's views."""
    heuristic_run(database, writer)
    with database.read() as snapshot:
        load_candidates(snapshot, since=LONG_AGO, now=NOW, at_least=1000)
        load_all_posts(snapshot, now=NOW)
        load_post_lives(snapshot, now=NOW)
        list(load_content(snapshot, now=NOW))
        load_block_pairs(snapshot)
        load_all_events(snapshot, since=LONG_AGO, now=NOW)
        load_events_of(snapshot, ["ann", ERASED], since=LONG_AGO, now=NOW)
        load_active_users(snapshot, since=LONG_AGO, now=NOW, at_most=100)
        known_askers(snapshot, {"ann": NOW, ERASED: NOW, "nobody's": NOW})
        load_blocks(snapshot, of=["ann", ERASED])
        load_hides(snapshot, since=LONG_AGO, of=["ann", ERASED])
        visibility_of_posts(snapshot, ["p1", "p3", DELETED])
    newest_posts(database, now=NOW, limit=5)
    posts_by_number(database, range(100))
    viewers_of(database, ["ann", ERASED], since=LONG_AGO)
    note_removals(database, ["p1"], keep_for=timedelta(days=3))
    events = [Event(user_id=user, post_id="p1", kind=InteractionKind.LIKE, at=NOW) for user in ("ann", ERASED)]
    store_events(database, [*events, Event(user_id="ann", post_id=DELETED, kind=InteractionKind.LIKE, at=NOW)])


@pytest.fixture(params=["few", "many"])
def bounds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few ids are looked up in our PostgreSQL; for many, all tombstones are read. Both give the same result."""
    if request.param == "many":
        monkeypatch.setattr(tombstones, "FEW", 0)


@pytest.mark.usefixtures("bounds")
def test_no_secret_no_digest_and_nothing_that_was_erased_is_told_to_the_teams_postgresql(
    team: Team, viewing: Database, writer: JobStore
) -> None:
    heuristic_run(viewing, writer)
    secret = scalar(viewing, "SELECT secret FROM warmline.installation")
    gone = sorted({ERASED, DELETED, *erase_user(viewing, ERASED).post_ids})
    delete_post(viewing, DELETED)
    team.sent.clear()
    everything_read(viewing, writer)
    sent = bytes(team.sent)
    assert b'FROM "team".posts' in sent
    assert b'FROM "team".interactions' in sent
    assert b"'ann'" in sent
    digests = [digest for (digest,) in rows(viewing, "SELECT encode(digest, 'hex') FROM warmline.tombstones")]
    assert len(digests) == len(gone) == 5
    hashes = [sha1(each.encode(), usedforsecurity=False).hexdigest() for each in gone]
    keys = [str(scalar(viewing, f"SELECT hashtextextended('{each}' COLLATE \"C\", 0)")) for each in gone]
    for told in (secret, *digests, *hashes, *keys, *(f"'{each}'" for each in gone)):
        assert told.encode() not in sent
    assert not [digest for digest in digests if bytes.fromhex(digest) in sent]


@contextmanager
def seen(database: Database) -> Iterator[dict[str, Any]]:
    """The result of each load, by names."""
    with database.read() as snapshot:
        everybody = [*WORLD.users, ERASED]
        user_of = dict(zip(load_id_hashes(snapshot, everybody).tolist(), everybody, strict=True))
        ids = [post.id for post in WORLD.posts]
        post_of = dict(zip(load_id_hashes(snapshot, ids).tolist(), ids, strict=True))
        events = load_all_events(snapshot, since=LONG_AGO, now=NOW)
        lives = load_post_lives(snapshot, now=NOW)
        yield {
            "candidates": set(load_candidates(snapshot, since=LONG_AGO, now=NOW, at_least=1).ids),
            "posts": {post_of[key] for key in load_all_posts(snapshot, now=NOW).id_hashes.tolist()},
            "content": {each.post_id for each in load_content(snapshot, now=NOW)},
            "lives": {
                post_of[key]: at for key, at in zip(lives.id_hashes.tolist(), lives.deleted_at.tolist(), strict=True)
            },
            "actors": {user_of[key] for key in events.counted.user_id_hashes.tolist()},
            "uncounted": {user_of[key] for key in events.uncounted.user_id_hashes.tolist()},
            "active": set(load_active_users(snapshot, since=LONG_AGO, now=NOW, at_most=100).ids),
            "askers": set(known_askers(snapshot, dict.fromkeys([*everybody, "nobody"], NOW))),
            "blocks": load_blocks(snapshot),
            "hiders": {user for user, _ in load_hides(snapshot, since=LONG_AGO)},
            "standing": {post for post, stands in visibility_of_posts(snapshot, ids).items() if stands},
        }


@pytest.mark.usefixtures("bounds")
def test_whoever_was_erased_and_what_they_did_is_left_out_of_each_load(viewing: Database) -> None:
    with seen(viewing) as before:
        pass
    erase_user(viewing, ERASED)
    with seen(viewing) as after:
        pass
    posts = {"p3", "p4", "p9"}
    assert posts & before["candidates"] == {"p3", "p4"}
    for what in ("candidates", "posts", "content", "standing"):
        assert after[what] == before[what] - posts
    assert set(after["lives"]) == set(before["lives"]) - posts
    for what in ("actors", "active", "askers", "hiders"):
        assert ERASED in before[what]
        assert after[what] == before[what] - {ERASED}
    assert after["uncounted"] == set()
    assert after["blocks"] == {("ann", "dan")}
    assert [post.post_id for post in newest_posts(viewing, now=NOW, limit=100) if post.post_id in posts] == []


@pytest.mark.usefixtures("bounds")
def test_a_deleted_post_had_its_life_until_then(viewing: Database) -> None:
    bury_in(viewing, "posts", DELETED)
    at = NOW - timedelta(hours=7)
    execute(viewing, "UPDATE warmline.tombstones SET created_at = :at", at=at)
    with seen(viewing) as found:
        assert found["lives"][DELETED] == at.timestamp()
        assert np.isinf(found["lives"]["p6"])
        assert DELETED not in found["candidates"] | found["posts"] | found["content"] | found["standing"]


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize("name", ODD)
def test_ids_with_odd_characters_are_known_as_buried(viewing: Database, name: str) -> None:
    bury_in(viewing, "users", name)
    bury_in(viewing, "posts", name)
    with seen(viewing) as found:
        assert name not in found["candidates"] | found["posts"] | found["content"] | found["standing"]
        assert name not in found["actors"] | found["active"] | found["askers"]
        others = {each for each in ODD if each != name}
        assert others <= found["posts"]
        assert others <= found["actors"]


def test_tombstones_of_before_the_upgrade_hold(viewing: Database) -> None:
    """Their bytes are computed here as the earlier version computed them in SQL."""
    secret = scalar(viewing, "SELECT secret FROM warmline.installation")
    for relation, name in (("users", ERASED), ("posts", DELETED)):
        digest = sha256((secret + name).encode()).digest()
        execute(
            viewing,
            "INSERT INTO warmline.tombstones (relation, digest) VALUES (:relation, :digest)",
            relation=relation,
            digest=digest,
        )
    with seen(viewing) as found:
        assert not {"p3", "p4", DELETED} & found["posts"]
        assert ERASED not in found["actors"]


def test_whoever_was_erased_and_left_the_view_of_users_is_counted_nowhere(viewing: Database, team: Team) -> None:
    erase_user(viewing, ERASED)
    execute(team.theirs, "DELETE FROM warmline.users WHERE id = :id", id=ERASED)
    try:
        with seen(viewing) as found:
            assert ERASED not in found["actors"] | found["active"] | found["hiders"]
    finally:
        execute(team.theirs, "INSERT INTO warmline.users VALUES (:id, :at)", id=ERASED, at=NOW - timedelta(days=1))


def test_a_page_of_the_newest_is_full_however_many_before_it_were_buried(viewing: Database) -> None:
    newest = [post.post_id for post in newest_posts(viewing, now=NOW, limit=100)]
    bury_in(viewing, "posts", *newest[:10])
    assert [post.post_id for post in newest_posts(viewing, now=NOW, limit=2)] == newest[10:12]


def test_the_candidates_are_as_many_as_asked_for_however_many_were_buried(viewing: Database) -> None:
    with viewing.read() as snapshot:
        newest = load_candidates(snapshot, since=NOW, now=NOW, at_least=100).ids
    bury_in(viewing, "posts", *newest[:10])
    with viewing.read() as snapshot:
        assert load_candidates(snapshot, since=NOW, now=NOW, at_least=3).ids == newest[10:13]


def test_lists_hold_nothing_of_whoever_was_erased(viewing: Database, writer: JobStore, held: Held) -> None:
    erase_user(viewing, ERASED)
    heuristic_run(viewing, writer)
    assert not {"p3", "p4", "p9"} & set(held.posts_of(held.everyone()))
    assert held.client.get(b"wl:list:h:" + ERASED.encode()) is None
