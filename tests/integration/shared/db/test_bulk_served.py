"""The page of a like, and who was in the rollout: read from PostgreSQL."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from shared.db.bulk_served import RolloutHistory, load_rollout_history, load_served_likes
from shared.db.engine import Database
from shared.db.events import Event, FeedPosition, store_events
from shared.db.id_hashes import load_id_hashes
from shared.db.models import promote_model, register_model
from shared.db.phases import change_phase, read_phase
from shared.domain import SOURCES_BY_CODE, InteractionKind, Phase, Source
from tests.stores import execute, store_settings
from tests.worlds import NOW, Post, World, write_own_tables

LONG_AGO = 0.0
USERS = [f"user-{number}" for number in range(300)] + ["käthe", "大"]


def store(database: Database, *events: Event) -> None:
    write_own_tables(database, World(posts=[Post("p0", "author"), Post("p1", "author")]))
    store_events(database, events)


def event(
    kind: InteractionKind, *, user: str = "ann", post: str = "p0", hours_ago: float = 1.0, event_id: str | None = None,
    page: tuple[Source, int] | None = None,
) -> Event:  # fmt: skip
    position = page and FeedPosition(source=page[0].value, generation=0, position=page[1])
    return Event(
        user_id=user, post_id=post, kind=kind, at=NOW - timedelta(hours=hours_ago), event_id=event_id,
        feed_position=position or None,
    )  # fmt: skip


def pages(database: Database, *pairs: tuple[str, str], since: float = LONG_AGO) -> list[tuple[Source | None, int]]:
    """The source and position of each pair of user and post."""
    with database.read() as snapshot:
        served = load_served_likes(snapshot, since=since)
        users, posts = (load_id_hashes(snapshot, ids) for ids in zip(*pairs, strict=True))
    sources, positions = served.of_pairs(users, posts)
    return [
        (SOURCES_BY_CODE[source] if source >= 0 else None, position)
        for source, position in zip(sources.tolist(), positions.tolist(), strict=True)
    ]


def test_a_like_has_its_page_and_another_ones_has_not(database: Database) -> None:
    store(database, event(InteractionKind.LIKE, page=(Source.NEUCF, 20)), event(InteractionKind.LIKE, user="ben"))
    assert pages(database, ("ann", "p0"), ("ben", "p0"), ("ann", "p1")) == [(Source.NEUCF, 20), (None, -1), (None, -1)]


@pytest.mark.parametrize("kind", [InteractionKind.VIEW, InteractionKind.HIDE])
def test_what_is_no_like_is_not_read(database: Database, kind: InteractionKind) -> None:
    store(database, event(kind, page=(Source.NEUCF, 20)))
    assert pages(database, ("ann", "p0")) == [(None, -1)]


def test_of_several_likes_the_first_one_with_a_page_counts(database: Database) -> None:
    store(
        database,
        event(InteractionKind.LIKE, hours_ago=9),
        event(InteractionKind.SAVE, hours_ago=3, page=(Source.HEURISTIC, 40)),
        event(InteractionKind.COMMENT, hours_ago=5, event_id="c", page=(Source.EVERYONE, 7)),
    )
    assert pages(database, ("ann", "p0")) == [(Source.EVERYONE, 7)]


def test_a_like_that_was_repeated_counts_from_its_first_time(database: Database) -> None:
    """Its page is the one on which it happened first."""
    store(
        database,
        event(InteractionKind.LIKE, hours_ago=9, page=(Source.NEUCF, 20)),
        event(InteractionKind.COMMENT, hours_ago=5, event_id="c", page=(Source.EVERYONE, 7)),
    )
    store_events(database, [event(InteractionKind.LIKE, hours_ago=1, page=(Source.HEURISTIC, 0))])
    assert pages(database, ("ann", "p0")) == [(Source.NEUCF, 20)]


def test_likes_before_the_time_are_not_read(database: Database) -> None:
    store(
        database,
        event(InteractionKind.LIKE, hours_ago=5, page=(Source.NEUCF, 0)),
        event(InteractionKind.LIKE, post="p1", hours_ago=3, page=(Source.NEUCF, 0)),
    )
    since = (NOW - timedelta(hours=4)).timestamp()
    assert pages(database, ("ann", "p0"), ("ann", "p1"), since=since) == [(None, -1), (Source.NEUCF, 0)]


def test_a_source_that_is_not_known_any_more_counts_as_unknown(database: Database) -> None:
    store(database, event(InteractionKind.LIKE, page=(Source.NEUCF, 20)))
    execute(database, "UPDATE warmline.interactions SET source = 'gone'")
    assert pages(database, ("ann", "p0")) == [(None, -1)]


# --- the rollout ------------------------------------------------------------------------------------------------------


def rollout(database: Database, *, since: float = LONG_AGO) -> RolloutHistory:
    with database.read() as snapshot:
        return load_rollout_history(snapshot, since=since)


def outside(database: Database, history: RolloutHistory, at: float) -> list[bool]:
    with database.read() as snapshot:
        hashes = load_id_hashes(snapshot, USERS)
    return list(history.outside(hashes, np.full(len(USERS), at)))


def promoted(database: Database, *, at: float = 0.0) -> None:
    """A model is the champion from a time on."""
    audited(database, "promote", was=None, became="model 1", at=at)


def audited(database: Database, deed: str, *, was: str | None, became: str | None, at: float) -> None:
    execute(
        database,
        "INSERT INTO warmline.audit (at, who, deed, was, became)"
        " VALUES (to_timestamp(:at), 'the gate', :deed, :was, :became)",
        at=at, deed=deed, was=was, became=became,
    )  # fmt: skip


def ran(database: Database, job: str, state: str, *, at: float, until: float, report: str = '{"withdrawn": 3}') -> None:
    execute(
        database,
        "INSERT INTO warmline.runs (job, state, requested_by, started_at, finished_at, report)"
        " VALUES (:job, :state, 'test', to_timestamp(:at), to_timestamp(:until), CAST(:report AS jsonb))",
        job=job, state=state, at=at, until=until, report=report,
    )  # fmt: skip


def change(database: Database, phase: Phase, percent: float, *, at: float) -> list[bool]:
    """Put a phase in force at a time; returns who is outside by the rule that the timeline serves by, with a model."""
    version = change_phase(database, phase, rollout_percent=percent, by="test").version
    execute(
        database, "UPDATE warmline.phase_changes SET changed_at = to_timestamp(:at) WHERE version = :version",
        at=at, version=version,
    )  # fmt: skip
    state = read_phase(database)
    return [state.phase_of(user) is Phase.HEURISTIC for user in USERS]


def test_who_is_outside_is_who_the_timeline_serves_the_heuristic(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    promoted(database)
    changes: Sequence[tuple[Phase, float]] = [
        (Phase.NEUCF, 0.5), (Phase.NEUCF, 30.0), (Phase.NEUCF, 71.4), (Phase.NEUCF, 100.0), (Phase.HEURISTIC, 100.0),
    ]  # fmt: skip
    served = [change(database, phase, percent, at=100.0 * number) for number, (phase, percent) in enumerate(changes, 1)]
    history = rollout(database)
    assert outside(database, history, 99.0) == [True] * len(USERS)
    assert [outside(database, history, 100.0 * number) for number in range(1, 6)] == served
    assert 30 < sum(served[1]) < len(USERS)


def test_buckets_are_read_only_where_they_decided_about_somebody(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    promoted(database)
    change(database, Phase.NEUCF, 30.0, at=100.0)
    change(database, Phase.NEUCF, 100.0, at=200.0)
    assert len(rollout(database, since=199.0).buckets) == len(USERS)
    assert len(rollout(database, since=200.0).buckets) == 0
    assert outside(database, rollout(database, since=200.0), 200.0) == [False] * len(USERS)


def test_an_installation_that_never_changed_its_phase_has_nobody_in_the_rollout(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    assert outside(database, rollout(database), 1.0) == [True] * len(USERS)


def test_without_a_champion_nobody_was_served_by_a_model(database: Database) -> None:
    """The phase `neucf` alone serves everybody the heuristic's lists."""
    write_own_tables(database, World(users=USERS))
    change(database, Phase.NEUCF, 100.0, at=100.0)
    promoted(database, at=200.0)
    audited(database, "demote", was="model 1", became=None, at=300.0)
    ran(database, "heuristic", "done", at=301.0, until=302.0)
    ran(database, "score", "failed", at=303.0, until=304.0)
    ran(database, "score", "done", at=305.0, until=306.0, report='{"lists": 8}')  # it had read the champion before
    ran(database, "score", "done", at=310.0, until=320.0)
    history = rollout(database)
    found = [outside(database, history, at)[0] for at in (99.0, 100.0, 199.0, 200.0, 300.0, 319.0, 320.0)]
    assert found == [True, True, True, False, False, False, True]


def test_a_rollback_counts_as_a_promotion_and_other_deeds_do_not(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    change(database, Phase.NEUCF, 100.0, at=100.0)
    audited(database, "hide post", was=None, became="0123", at=150.0)
    audited(database, "rollback", was=None, became="model 1", at=200.0)
    history = rollout(database)
    assert [outside(database, history, at)[0] for at in (150.0, 200.0)] == [True, False]


def test_a_champion_whose_promotion_is_not_on_record_any_more_counts_from_the_beginning(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    change(database, Phase.NEUCF, 100.0, at=100.0)
    model = register_model(
        database, run_id=1, folder="1", sha256="0", accepted=True, verdict="", report={}, manifest_sha256="0"
    )
    promote_model(database, model, by="the gate")
    execute(database, "DELETE FROM warmline.audit")
    assert not outside(database, rollout(database), 100.0)[0]


def test_a_rollout_without_a_champion_decides_about_nobody(database: Database) -> None:
    write_own_tables(database, World(users=USERS))
    change(database, Phase.NEUCF, 30.0, at=100.0)
    assert len(rollout(database).buckets) == 0


def test_over_views_the_people_of_the_view_have_their_buckets(database: Database) -> None:
    """Pages of likes are in our own table there, too: views have no column for them."""
    store(database, event(InteractionKind.LIKE, page=(Source.NEUCF, 20)))
    promoted(database)
    are_outside = change(database, Phase.NEUCF, 30.0, at=100.0)
    people = ", ".join(f"('{user}')" for user in USERS)
    execute(
        database,
        "CREATE SCHEMA team;"
        f" CREATE VIEW team.users AS SELECT id, now() AS created_at FROM (VALUES {people}) AS v (id)",
    )
    try:
        url = database.own.engine.url.render_as_string(hide_password=False)
        with closing(Database(store_settings(url, source_schema="team"))) as viewing:
            assert outside(viewing, rollout(viewing), 100.0) == are_outside
            assert pages(viewing, ("ann", "p0")) == [(Source.NEUCF, 20)]
    finally:
        execute(database, "DROP SCHEMA team CASCADE")
