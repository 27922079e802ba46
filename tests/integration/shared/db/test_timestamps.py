"""Times that PostgreSQL holds and Python does not, wherever they are read: an odd time is never more than an old post.

The relations are the team's: a post may be dated BC by a wrong conversion, or at infinity for "never".
"""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db.bulk import load_active_users, load_all_posts, load_block_pairs, load_candidates, load_post_lives
from shared.db.bulk_events import load_events
from shared.db.details import post_details, user_details
from shared.db.doctor.rows import RowProbe, look_at_rows, look_for_events_after_deletion, look_for_old_rows
from shared.db.engine import Database
from shared.db.erasure import erase_user, erasures_under_way
from shared.db.id_hashes import load_id_hashes
from shared.db.imports import merge_rows
from shared.db.models import list_models
from shared.db.newest import newest_posts, posts_by_number
from shared.db.phases import phase_history
from shared.db.runs import last_done, live_services, recent_runs, refuse_if_running, request_run
from shared.db.timestamps import EARLIEST, LATEST
from shared.db.vectors import load_content
from shared.errors import RunRefused
from tests.stores import execute, scalar, store_settings
from tests.worlds import NOW

BEFORE = ("4714-11-24 00:00:00+00 BC", "0044-03-15 12:00:00+00 BC", "-infinity", "0001-01-01 00:00:00+00")
AFTER = ("9999-12-31 23:59:59.999999+00", "20000-01-01 00:00:00+00", "294276-12-31 23:59:59.999999+00", "infinity")
ODD = (*BEFORE, *AFTER)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_FIRST, _LAST = -210_866_803_200_000_000, 9_224_318_015_999_999_999  # microseconds: all that PostgreSQL holds


@pytest.fixture
def odd(database: Database) -> Database:
    """A plain post, one post and one user for each odd time, and events and blocks at all of them."""
    execute(database, "INSERT INTO warmline.users VALUES ('ann', :now), ('ben', :now)", now=NOW)
    execute(database, "INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('p', 'ben', :now)", now=NOW)
    for n, moment in enumerate(ODD):
        for statement in (
            f"INSERT INTO warmline.users VALUES ('u{n}', '{moment}')",
            f"INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('p{n}', 'u{n}', '{moment}')",
            f"INSERT INTO warmline.posts VALUES ('d{n}', 'u{n}', '', NULL, '2026-01-01', '{moment}')",
            f"INSERT INTO warmline.interactions VALUES ('ann', 'd{n}', 'like', '{moment}')",
            f"INSERT INTO warmline.blocks VALUES ('ann', 'u{n}', '{moment}')",
        ):
            execute(database, statement)
    return database


def _old_posts() -> list[str]:
    return [f"p{n}" for n, _ in enumerate(BEFORE)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(_FIRST, _LAST), min_size=50, max_size=50))
def test_any_time_is_read_exactly_or_as_the_nearest_one_that_python_holds(
    migrated: Database, microseconds: list[int]
) -> None:
    query = sa.text(
        """
        SELECT 'epoch'::timestamptz + make_interval(days => day) + rest * interval '1 us'
        FROM unnest(CAST(:days AS int[]), CAST(:rests AS bigint[])) AS moments(day, rest)
        """
    )
    exact = [min(max(each, _micros(EARLIEST)), _micros(LATEST)) for each in microseconds]
    with migrated.begin() as connection:
        days, rests = zip(*(divmod(each, _DAY) for each in microseconds), strict=True)
        got = [_micros(at) for (at,) in connection.execute(query, {"days": list(days), "rests": list(rests)})]
    assert got == exact


@pytest.mark.parametrize(
    "moment", ["2026-11-22 12:00:00.123456+00", "0001-01-02 00:00:00+00", "1800-06-01 00:00:00+00"]
)
def test_a_time_that_python_holds_is_read_as_it_is(migrated: Database, moment: str) -> None:
    assert scalar(migrated, f"SELECT '{moment}'::timestamptz") == datetime.fromisoformat(moment)


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
@pytest.mark.parametrize(
    ("moment", "limit"), [("0044-03-15 BC", EARLIEST), ("infinity", LATEST), ("20000-01-01", LATEST)]
)
def test_every_kind_of_time_has_the_same_limits(migrated: Database, kind: str, moment: str, limit: datetime) -> None:
    assert scalar(migrated, f"SELECT '{moment}'::{kind}") == limit
    assert scalar(migrated, f"SELECT ARRAY[NULL, '{moment}'::{kind}::timestamptz]") == [None, limit]


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_a_time_without_zone_counts_as_utc(migrated: Database, kind: str) -> None:
    assert scalar(migrated, f"SELECT '2026-11-22 00:00'::{kind}") == datetime(2026, 11, 22, tzinfo=UTC)


def test_in_every_zone_and_a_little_earlier_or_later_the_limits_are_times() -> None:
    for limit in (EARLIEST, LATEST):
        for hours in (-14, 14):
            assert (limit + timedelta(hours=hours)).timestamp() == limit.timestamp() + hours * 3600


# --- the timeline -----------------------------------------------------------------------------------------------------


def test_the_newest_posts_are_all_that_are_not_ahead(odd: Database) -> None:
    found = newest_posts(odd, now=NOW, limit=100)
    assert found[0].post_id == "p"
    assert sorted(post.post_id for post in found) == sorted(["p", *_old_posts()])
    assert all(post.created_at >= EARLIEST for post in found)


def test_older_posts_than_the_oldest_that_python_holds_are_still_found(odd: Database) -> None:
    older = newest_posts(odd, now=NOW, limit=100, older_than=EARLIEST)
    assert sorted(post.post_id for post in older) == sorted(_old_posts())


def test_posts_are_known_by_their_numbers_whatever_their_date(odd: Database) -> None:
    numbers = [post.post_number for post in newest_posts(odd, now=NOW, limit=100) if post.post_id != "p"]
    assert {post.post_id for post in posts_by_number(odd, numbers)} == set(_old_posts())


@pytest.mark.parametrize("column", ["created_at timestamptz", "created_at timestamp", "created_at date"])
def test_a_view_whose_times_are_null_or_without_zone_does_not_stop_the_newest_posts(
    database: Database, column: str
) -> None:
    name, _, kind = column.partition(" ")
    execute(
        database,
        f"""
        CREATE SCHEMA odd;
        CREATE VIEW odd.posts AS SELECT id, 'ben' AS author_id, '' AS caption, NULL AS image_url,
            at::{kind} AS {name}, NULL::timestamptz AS deleted_at
        FROM (VALUES ('a', '2026-11-22 00:00'), ('b', NULL), ('c', '0044-01-01 BC')) AS posts(id, at);
        CREATE VIEW odd.users AS SELECT 'ben' AS id, now() AS created_at;
        """,
    )
    url = database.own.engine.url.render_as_string(hide_password=False)
    try:
        with closing(Database(store_settings(url, source_schema="odd"))) as viewing:
            found = newest_posts(viewing, now=NOW, limit=10)
        assert [(post.post_id, post.created_at) for post in found] == [
            ("a", datetime(2026, 11, 22, tzinfo=UTC)), ("c", EARLIEST)
        ]  # fmt: skip
    finally:
        execute(database, "DROP SCHEMA odd CASCADE")


# --- the jobs ---------------------------------------------------------------------------------------------------------


def test_candidates_have_finite_times(odd: Database) -> None:
    with odd.read() as snapshot:
        posts = load_candidates(snapshot, since=NOW - timedelta(days=14), now=NOW, at_least=100)
    assert sorted(posts.ids) == sorted(["p", *_old_posts()])
    assert posts.created_at.min() == EARLIEST.timestamp()


def test_all_posts_of_a_training_have_finite_times(odd: Database) -> None:
    with odd.read() as snapshot:
        found = load_all_posts(snapshot, now=NOW)
    assert len(found) == 1 + len(BEFORE)
    assert np.isfinite(found.created_at).all()


def test_in_a_replay_a_post_that_is_deleted_at_an_odd_time_is_gone_by_now(odd: Database) -> None:
    """As on a page, which only checks whether there is a time."""
    with odd.read() as snapshot:
        lives = load_post_lives(snapshot, now=NOW)
        deleted = set(load_id_hashes(snapshot, [f"d{n}" for n, _ in enumerate(ODD)]).tolist())
    assert np.isfinite(lives.created_at).all()
    is_deleted = np.isin(lives.id_hashes, list(deleted))
    assert (lives.deleted_at[is_deleted] <= NOW.timestamp()).all()
    assert (lives.deleted_at[~is_deleted] == np.inf).all()


def test_events_at_odd_times_are_old_or_of_now(odd: Database) -> None:
    with odd.read() as snapshot:
        events = load_events(snapshot, since=_EPOCH, now=NOW)
        blocks = load_block_pairs(snapshot)
    assert events.at.tolist() == [NOW.timestamp()] * len(AFTER)
    assert len(blocks) == len(ODD)
    assert not np.isnan(blocks.at).any()


def test_active_users_are_dated_by_now_at_most(odd: Database) -> None:
    with odd.read() as snapshot:
        users = load_active_users(snapshot, since=NOW - timedelta(days=30), now=NOW, at_most=100)
    assert {"ann", "ben"} <= set(users.ids)
    assert (users.active_at == NOW.timestamp()).all()


def test_what_is_encoded_comes_whatever_its_date(odd: Database) -> None:
    with odd.read() as snapshot:
        assert {post.post_id for post in load_content(snapshot, now=NOW)} == {"p", *_old_posts()}


# --- the operator -----------------------------------------------------------------------------------------------------


def test_inspect_reads_every_post_and_user(odd: Database) -> None:
    with odd.read() as snapshot:
        posts = post_details(snapshot, [f"p{n}" for n, _ in enumerate(ODD)])
        joined = [user_details(snapshot, f"u{n}").joined_at for n, _ in enumerate(ODD)]
    assert [posts[f"p{n}"].created_at for n, _ in enumerate(ODD)] == joined
    assert joined == [EARLIEST] * len(BEFORE) + [LATEST] * len(AFTER)


def test_the_doctor_counts_odd_times_and_goes_on(odd: Database) -> None:
    with odd.read() as snapshot:
        probe = RowProbe(snapshot.connection(odd.own), odd.own)
        posts, old = look_at_rows(probe, "posts"), look_for_old_rows(probe, "posts")
        late = look_for_events_after_deletion(probe)
    assert posts is not None
    assert old is not None
    assert late is not None
    assert (posts["future"].count, old.count) == (len(AFTER), len(BEFORE))
    assert late.count == 0


def test_runs_and_signs_of_life_of_a_machine_whose_clock_was_wrong_can_be_read(odd: Database) -> None:
    for n, moment in enumerate(ODD):
        execute(
            odd,
            "INSERT INTO warmline.runs (job, state, requested_by, requested_at, started_at, finished_at)"
            f" VALUES ('train', 'done', 'test', '{moment}', '{moment}', '{moment}')",
        )
        execute(odd, f"INSERT INTO warmline.heartbeats VALUES ('timeline', 'w{n}', '{moment}', '{moment}')")
        execute(
            odd,
            "INSERT INTO warmline.phase_changes (phase, rollout_percent, changed_by, changed_at)"
            f" VALUES ('heuristic', 100, 'test', '{moment}')",
        )
        execute(
            odd,
            "INSERT INTO warmline.model_versions (created_at, folder, sha256, state, verdict, report)"
            f" VALUES ('{moment}', 'v{n}', '', 'accepted', '', '{{}}')",
        )
    assert len(recent_runs(odd)) == len(phase_history(odd)) == len(list_models(odd)) == len(ODD)
    assert last_done(odd, "train") == EARLIEST  # what lies ahead would keep the next night from being made up for
    assert len(live_services(odd)) == len(AFTER)


def test_a_run_that_is_refused_names_the_odd_start_of_the_one_under_way(odd: Database) -> None:
    request_run(odd, "train", by="test")
    execute(
        odd,
        "UPDATE warmline.runs SET state = 'running', worker = 'w', started_at = '0044-01-01 BC',"
        " lease_until = 'infinity'",
    )
    with pytest.raises(RunRefused, match="under way on w since 00:00:00"):
        refuse_if_running(odd, "train")


def test_an_erasure_asked_for_at_an_odd_time_is_finished(odd: Database) -> None:
    erase_user(odd, "u0")
    execute(odd, "UPDATE warmline.erasures SET asked_at = '4714-11-24 BC'")
    (erasure,) = erasures_under_way(odd)
    assert (erasure.user_id, set(erasure.post_ids)) == ("u0", {"p0", "d0"})


def test_an_import_mends_an_odd_time(odd: Database) -> None:
    merged = merge_rows(odd, "posts", [("p0", "u0", "", None, NOW.isoformat(), *[None] * 5)])
    assert merged.changed == 1
    assert scalar(odd, "SELECT created_at FROM warmline.posts WHERE id = 'p0'") == NOW


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
