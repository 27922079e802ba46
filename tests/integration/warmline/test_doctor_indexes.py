"""The indexes that the doctor asks for over apps' own schemas: all in one round, made by PostgreSQL, then content."""

from typing import Any

import pytest

from tests.integration.warmline.answers import Command
from tests.integration.warmline.app_schemas import LARGE, LEMMY, MASTODON, MISSKEY, PECULIAR
from tests.integration.warmline.teams import Team, doctor_of
from tests.stores import administrator


@pytest.fixture
def team(request: pytest.FixtureRequest, empty_team: Team) -> Team:
    """The team whose statements the test names."""
    empty_team.begin(request.param)
    empty_team.do(LARGE)
    return empty_team


@pytest.fixture
def doctor(warmline: Command, team: Team) -> Command:
    """The doctor's answer about this team's views."""
    return doctor_of(warmline, team)


APPS = {"mastodon": (MASTODON, 18), "misskey": (MISSKEY, 10), "lemmy": (LEMMY, 9)}


@pytest.mark.parametrize(("team", "count"), APPS.values(), ids=APPS.keys(), indirect=["team"])
def test_all_indexes_that_an_app_lacks_are_named_at_once_and_then_are_enough(
    doctor: Command, team: Team, count: int
) -> None:
    wanted = cures(doctor)
    assert (len(wanted), len(set(wanted))) == (count, count)
    for cure in wanted:
        team.do(cure)
    team.do(LARGE)  # making an index has counted the rows
    assert cures(doctor) == []


@pytest.mark.parametrize("team", [MASTODON], indirect=True)
def test_the_largest_table_comes_first(doctor: Command, team: Team) -> None:
    team.do("UPDATE pg_class SET reltuples = 900000 WHERE oid = 'app.mutes'::regclass")
    assert [cure.partition(" (")[0] for cure in cures(doctor)][:2] == ["CREATE INDEX CONCURRENTLY ON app.mutes"] * 2


@pytest.mark.parametrize("team", [LEMMY], indirect=True)
def test_an_index_that_a_view_of_follows_lacks_is_named(doctor: Command, team: Team) -> None:
    team.do(
        "CREATE TABLE app.fans (fan int, of_whom int); INSERT INTO app.fans SELECT n, n FROM generate_series(1, 9) n"
    )
    team.do("CREATE VIEW feed.follows AS SELECT fan::text AS user_id, of_whom::text AS author_id FROM app.fans")
    team.do("GRANT SELECT ON feed.follows TO PUBLIC")
    team.do("UPDATE pg_class SET reltuples = 900000 WHERE oid = 'app.fans'::regclass")
    assert [cure for cure in cures(doctor) if "app.fans" in cure] == [
        "CREATE INDEX CONCURRENTLY ON app.fans (((fan)::text))"
    ]


@pytest.mark.parametrize("team", [LEMMY], indirect=True)
def test_a_table_too_small_to_matter_is_not_named(doctor: Command, team: Team) -> None:
    team.do("UPDATE pg_class SET reltuples = 9999 WHERE oid = 'app.post'::regclass")
    assert not [cure for cure in cures(doctor) if "app.post " in cure]


@pytest.mark.parametrize("team", [LEMMY], indirect=True)
def test_one_row_for_several_events_is_told_what_to_write_instead(doctor: Command) -> None:
    (finding,) = [each for each in hints(doctor) if each["where"] == "interactions.created_at"]
    assert "app.post_actions" in finding["got"]
    assert "one SELECT for each with UNION ALL" in finding["todo"]


@pytest.mark.parametrize("team", [PECULIAR], indirect=True)
def test_no_index_is_asked_for_that_postgresql_does_not_make(doctor: Command, team: Team) -> None:
    findings = hints(doctor)
    made = [each["todo"].partition(";")[0] for each in findings if each["todo"].startswith("CREATE INDEX")]
    for cure in made:
        team.do(cure)
    refused = [each["todo"] for each in findings if "makes no index" in each["todo"]]
    assert all("AT TIME ZONE" in todo for todo in refused)
    assert sorted(todo.partition(": ")[0].partition("because of ")[2] for todo in refused) == [
        "the cast from app.colour to text, which depends on the session",
        "the cast from timestamp without time zone to timestamp with time zone, which depends on the session",
        "the function shifted, which is not marked IMMUTABLE",
        "the operator +, which depends on the session for these types",
    ]
    assert sorted(made) == [
        'CREATE INDEX CONCURRENTLY ON app."Blocks" ("By")',
        "CREATE INDEX CONCURRENTLY ON app.likes (post_id)",
        "CREATE INDEX CONCURRENTLY ON app.likes (user_id)",
        "CREATE INDEX CONCURRENTLY ON app.mutes (('user-'::text || (by_id)::text))",
        "CREATE INDEX CONCURRENTLY ON app.mutes (((whom_id)::text || '-user'::text))",
        "CREATE INDEX CONCURRENTLY ON app.saves (post_id)",
        "CREATE INDEX CONCURRENTLY ON app.saves (user_id)",
        "CREATE INDEX CONCURRENTLY ON app.views (post_id)",
        "CREATE INDEX CONCURRENTLY ON app.views (user_id)",
        "CREATE INDEX ON app.posts (((id)::text))",
        "CREATE INDEX ON app.posts (((user_id)::text))",
        "CREATE INDEX ON app.posts (created_at)",
    ]
    team.do(LARGE)
    assert cures(doctor) == []


@pytest.mark.parametrize("team", [PECULIAR], indirect=True)
def test_a_table_that_no_index_spares_is_named_with_what_to_write(doctor: Command) -> None:
    told = {each["got"].partition(" (")[0]: each["todo"] for each in hints(doctor)}
    assert "NOT EXISTS" in told["app.reports"]
    assert "GROUP BY" in told["app.views"]


def test_own_tables_of_any_size_lack_no_index(warmline: Command, migrated_url: str) -> None:
    believed = "relkind = 'r' AND relnamespace = 'warmline'::regnamespace"
    with administrator(migrated_url) as connection:
        connection.exec_driver_sql(f"UPDATE pg_class SET reltuples = 5000000, relpages = 50000 WHERE {believed}")
    try:
        assert cures(lambda *arguments: warmline("doctor", *arguments)) == []
    finally:
        with administrator(migrated_url) as connection:
            connection.exec_driver_sql(f"UPDATE pg_class SET reltuples = 0, relpages = 0 WHERE {believed}")


@pytest.mark.parametrize("team", [MISSKEY], indirect=True)
def test_an_index_that_is_there_is_not_asked_for_where_another_is_quicker_now(doctor: Command, team: Team) -> None:
    team.do(
        'CREATE INDEX ON app.note (app.aid_time(id)); CREATE INDEX ON app.note ("renoteId");'
        'CREATE INDEX ON app.note ("replyId")'
    )
    team.do(LARGE)
    assert not [each for each in cures(doctor) if "app.note (" in each and "aid_time" in each]


def hints(doctor: Command) -> list[dict[str, Any]]:
    """The findings that are not good."""
    return [each for each in doctor("--json").json["findings"] if each["severity"] != "good"]


def cures(doctor: Command) -> list[str]:
    """The statements that the doctor would have us run."""
    return [each["todo"].partition(";")[0] for each in hints(doctor) if each["todo"].startswith("CREATE INDEX")]
