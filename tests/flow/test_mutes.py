"""Mutes of authors on real servers: one-way, in promise 3 as blocks are, ended by hand, by time or by an erasure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from tests.flow.deployment import (
    ANN,
    AUTHORS,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    eventually,
    ids,
    posts_of,
    rest_of_chain,
    until_ready,
)
from tests.flow.saying import BACKEND, shown, two_timelines
from tests.traces import make_views, traces

MUTED = "author7"
LEFT = set(POSTS) - posts_of(MUTED)


def _path(user: str, muted: str = MUTED) -> str:
    return f"/users/{user}/mutes/{muted}"


def _mute(client: TestClient, user: str, muted: str = MUTED, *, status: int = 204, **body: object) -> None:
    answer = client.put(_path(user, muted), json=body or None, headers=BACKEND)
    assert answer.status_code == status, answer.text


def _in(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_a_mute_holds_on_two_processes_at_once_in_both_phases_and_is_undone_at_once(
    either_deployment: Deployment, phase: str
) -> None:
    either_deployment.publish_neucf(COLD, [f"p{number:02}" for number in range(27, 57)])
    with two_timelines(either_deployment, phase=phase) as (one, other):
        begun = ask(other, COLD, limit=10)
        _mute(one, COLD)
        for client in (one, other):
            page = ask(client, COLD, limit=100)
            assert (page["source"], set(ids(page))) == (phase, LEFT)
        rest = [post for page in rest_of_chain([one, other], COLD, begun, limit=20) for post in ids(page)]
        assert not posts_of(MUTED) & set(rest)
        assert other.delete(_path(COLD), headers=BACKEND).status_code == 204
        assert [shown(client, COLD) for client in (one, other)] == [set(POSTS)] * 2


def test_a_mute_is_one_way_and_holds_for_a_user_without_a_list(either_deployment: Deployment) -> None:
    with either_deployment.timeline() as client:
        until_ready(client)
        _mute(client, STRANGER)
        _mute(client, AUTHORS[0])
        assert shown(client, STRANGER) == LEFT
        assert shown(client, AUTHORS[0]) == LEFT - posts_of(AUTHORS[0])
        assert shown(client, MUTED) == LEFT, "their own posts are missing, and no others"
        assert shown(client, ANN) == set(POSTS)
        either_deployment.run_heuristic()
        assert (shown(client, STRANGER), shown(client, MUTED)) == (LEFT, LEFT)


def test_a_mute_with_an_end_ends_on_every_process(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        _mute(one, COLD, expires_at=_in(hours=1))
        assert [shown(client, COLD) for client in (one, other)] == [LEFT] * 2
        ranked_deployment.sql("UPDATE warmline.mutes SET expires_at = now()")
        for client in (one, other):
            eventually(lambda client=client: shown(client, COLD) == set(POSTS), "the mute is over")  # type: ignore[misc]
        assert ranked_deployment.sql("SELECT * FROM warmline.mutes") == []


def test_a_repeated_mute_takes_the_new_end(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        _mute(client, COLD, expires_at=_in(hours=1))
        _mute(client, COLD)
        assert ranked_deployment.sql("SELECT expires_at FROM warmline.mutes") == [(None,)]


def test_what_is_no_mute_is_refused(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        _mute(client, COLD, COLD, status=422)
        _mute(client, COLD, expires_at="tomorrow", status=422)
        assert client.put(_path(COLD)).status_code == 401
        ranked_deployment.sql(
            "INSERT INTO warmline.mutes (user_id, muted_user_id) VALUES (%s, %s)",
            [(COLD, f"someone{number}") for number in range(200)],
        )
        answer = client.put(_path(COLD), headers=BACKEND)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:warmline:problem:too-many-preferences")
        _mute(client, COLD, "someone7", expires_at=_in(hours=1))  # one that is there may change
        assert ranked_deployment.sql("SELECT count(*) FROM warmline.mutes") == [(200,)]


def test_erasures_take_a_mute_away_from_either_side(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with deployment.timeline() as client:
        until_ready(client)
        _mute(client, COLD)
        _mute(client, MUTED, ANN)
        assert client.delete(f"/users/{MUTED}", headers=BACKEND).status_code in (202, 204)
        eventually(lambda: not traces(deployment, MUTED, team_schemas=("team", "public")), "all is gone")
        assert deployment.sql("SELECT * FROM warmline.mutes") == []
        _mute(client, COLD, status=409)
        with deployment.redis() as redis:
            viewer = redis.get(f"wl:viewer:{COLD}")
        assert viewer is None or len(viewer) == 20, "no hash of the erased author is left"


# --- Redis is away, refuses, comes back empty -------------------------------------------------------------------------


def _is_degraded(client: TestClient) -> bool:
    return "degraded" in ask(client, STRANGER, limit=100)


def test_while_redis_is_away_postgresql_decides_and_what_comes_back_empty_knows_it_first(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    deployment = fragile_deployment
    deployment.run_heuristic()
    with deployment.timeline() as one, deployment.timeline() as other:
        until_ready(one, other)
        second_valkey.stop()
        _mute(one, COLD, status=202)
        for client in (one, other):
            page = ask(client, COLD, limit=100)
            assert ("degraded" in page, set(ids(page))) == (True, LEFT)
        second_valkey.start()
        eventually(lambda: not _is_degraded(one) and not _is_degraded(other), "Redis is up again")
        assert [shown(client, COLD) for client in (one, other)] == [LEFT] * 2


def test_a_redis_that_refuses_writes_hides_no_mute(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as one, fragile_deployment.timeline() as other:
        until_ready(one, other)
        with fragile_deployment.redis() as redis:
            redis.replicaof("127.0.0.1", "1")  # it refuses writes, and keeps what it has
            _mute(one, COLD, status=202)
            assert [shown(client, COLD) for client in (one, other)] == [LEFT] * 2
            redis.replicaof("NO", "ONE")


def test_with_both_stores_away_a_process_knows_the_mutes_of_the_last_run(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    deployment = fragile_deployment
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        _mute(client, STRANGER)
        deployment.run_heuristic()
        pairs = client.app.state.warmline.snapshot  # type: ignore[attr-defined]
        eventually(lambda: len(pairs.blocked.users) == 1, "the copy of the run is there")
        deployment.close_database()
        second_valkey.stop()
        try:
            page = ask(client, STRANGER, limit=100)
            assert (page["degraded"], set(ids(page))) == (["redis", "postgresql"], LEFT)
        finally:
            deployment.open_database()
            second_valkey.start()


# --- the team's view --------------------------------------------------------------------------------------------------


def test_a_view_of_mutes_counts_from_the_next_run_on_beside_those_of_the_api(ranked_deployment: Deployment) -> None:

    make_views(ranked_deployment)
    ranked_deployment.sql(
        """
        CREATE TABLE team.their_mutes (user_id text, muted_user_id text, created_at timestamptz, until timestamptz);
        CREATE VIEW team.mutes AS
            SELECT user_id, muted_user_id, created_at, until AS expires_at FROM team.their_mutes;
        INSERT INTO team.their_mutes VALUES
            ('cold', 'author7', now(), NULL), ('ann', 'author7', now(), now() - interval '1 day')
        """
    )
    deployment = replace(ranked_deployment, source_schema="team")
    with deployment.timeline() as client:
        until_ready(client)
        deployment.run_heuristic()
        assert (shown(client, COLD), shown(client, ANN)) == (LEFT, set(POSTS))
        _mute(client, COLD, "author3")
        assert shown(client, COLD) == LEFT - posts_of("author3")
        assert client.delete(_path(COLD), headers=BACKEND).status_code == 204
        assert shown(client, COLD) == LEFT - posts_of("author3"), "the team's own mute stays"


@pytest.mark.parametrize(
    "columns", ["1 AS user_id, 'a' AS muted_user_id", "'cold'::text AS user_id", "'{cold}'::text[] AS muted_user_id"]
)
def test_a_view_of_mutes_that_is_not_what_the_contract_says_is_ignored(
    ranked_deployment: Deployment, columns: str
) -> None:

    make_views(ranked_deployment)
    ranked_deployment.sql(f"CREATE VIEW team.mutes AS SELECT {columns}")
    deployment = replace(ranked_deployment, source_schema="team")
    with deployment.timeline() as client:
        until_ready(client)
        deployment.run_heuristic()
        _mute(client, COLD)
        assert shown(client, COLD) == LEFT
