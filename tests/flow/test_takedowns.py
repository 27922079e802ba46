"""Takedowns that can be undone, on real servers: hidden posts and suspended authors, in promise 3 as deletions are."""

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.ranked_lists import codec
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

HIDDEN, SUSPENDED = "/posts/p33/hidden", "/users/author7/suspended"
DOWN = posts_of("author7") | {"p33"}


def _put(client: TestClient, *paths: str, status: int = 204) -> None:
    _ask_for("PUT", client, *paths, status=status)


def _delete(client: TestClient, *paths: str, status: int = 204) -> None:
    _ask_for("DELETE", client, *paths, status=status)


def _ask_for(method: str, client: TestClient, *paths: str, status: int) -> None:
    """Repeat it while it is pending: on a busy machine the note of the last act is still there, which makes it so."""
    for path in paths:
        answers: list[int] = []

        def is_answered(path: str = path, answers: list[int] = answers) -> bool:
            answers.append(client.request(method, path, headers=BACKEND).status_code)
            return answers[-1] == status or (answers[-1], status) != (202, 204)

        eventually(is_answered, f"{method} {path}")
        assert answers[-1] == status


def _eventually_shown(client: TestClient, posts: set[str]) -> None:
    """The process's copy of everyone's list is some tenths of a second old."""
    eventually(lambda: shown(client, STRANGER) == posts, f"{len(posts)} posts are shown")


def _add_post(deployment: Deployment, post_id: str, author: str) -> None:
    """As the team or the app does it, in either data mode."""
    relation = f"{deployment.source_schema}.their_posts" if deployment.source_schema else "warmline.posts"
    deployment.sql(
        f"INSERT INTO {relation} (id, author_id, caption, created_at) VALUES (%s, %s, '', now())", [(post_id, author)]
    )


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_takedowns_hold_on_two_processes_at_once_in_both_phases_and_are_undone_at_once(
    either_deployment: Deployment, phase: str
) -> None:
    either_deployment.publish_neucf(COLD, [f"p{number:02}" for number in range(27, 57)])
    with two_timelines(either_deployment, phase=phase) as (one, other):
        begun = ask(other, STRANGER, limit=10)
        _put(one, HIDDEN, SUSPENDED)
        for client in (one, other):
            page = ask(client, COLD, limit=100)
            assert (page["source"], set(ids(page))) == (phase, set(POSTS) - DOWN)
        rest = [post for page in rest_of_chain([one, other], STRANGER, begun, limit=20) for post in ids(page)]
        assert set(rest) == set(POSTS) - DOWN - set(ids(begun))
        _delete(other, HIDDEN, SUSPENDED)
        assert [shown(client) for client in (one, other)] == [set(POSTS)] * 2


def test_takedowns_outlast_runs_and_are_over_after_one(either_deployment: Deployment) -> None:
    """Nothing of the old lists is left that an undone takedown could bring back."""
    deployment = either_deployment
    with deployment.timeline() as client:
        until_ready(client)
        _put(client, HIDDEN, SUSPENDED)
        _add_post(deployment, "later", "author7")
        for _ in range(2):
            deployment.run_heuristic()
            assert shown(client, STRANGER) == shown(client) == set(POSTS) - DOWN
        _delete(client, HIDDEN, SUSPENDED)
        deployment.run_heuristic()
        _eventually_shown(client, {*POSTS, "later"})


def test_a_post_that_was_never_ranked_and_one_that_is_unknown_can_be_hidden(either_deployment: Deployment) -> None:
    with either_deployment.timeline() as client:
        until_ready(client)
        _add_post(either_deployment, "new", "author1")
        _put(client, "/posts/new/hidden", "/posts/unheard-of/hidden", "/users/unheard-of/suspended")
        _add_post(either_deployment, "unheard-of", "author1")
        _add_post(either_deployment, "theirs", "unheard-of")
        either_deployment.run_heuristic()
        assert shown(client, STRANGER) == set(POSTS)
        _delete(client, "/posts/new/hidden", "/posts/unheard-of/hidden")
        either_deployment.run_heuristic()
        _eventually_shown(client, {*POSTS, "new", "unheard-of"})


def test_repeating_an_act_changes_nothing_and_each_change_is_audited_without_ids(
    ranked_deployment: Deployment,
) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        _delete(client, HIDDEN, SUSPENDED)
        for _ in range(2):
            _put(client, HIDDEN, SUSPENDED)
        for _ in range(2):
            _delete(client, HIDDEN, SUSPENDED)
        assert shown(client) == set(POSTS)
    found = ranked_deployment.sql("SELECT who, deed, became FROM warmline.audit ORDER BY id")
    assert [deed for _, deed, _ in found] == ["hide post", "suspend user", "show post", "reinstate user"]
    assert found[0][2] == found[2][2]
    assert {who for who, _, _ in found} == {"API key"}
    assert not any("p33" in row or "author7" in row for row in map(str, found))


def test_a_deletion_wins_over_whatever_comes_before_or_after_it(either_deployment: Deployment) -> None:
    with either_deployment.timeline() as client:
        until_ready(client)
        _put(client, HIDDEN)
        _delete(client, "/posts/p33", "/posts/p34")
        _delete(client, HIDDEN, "/posts/p34/hidden", status=409)
        _put(client, HIDDEN, "/posts/p34/hidden", status=409)
        assert client.put(HIDDEN, headers=BACKEND).json()["type"] == "urn:warmline:problem:post-deleted"
        either_deployment.run_heuristic()
        assert shown(client) == set(POSTS) - {"p33", "p34"}


def test_a_post_that_left_the_relation_while_it_was_hidden_does_not_come_back(either_deployment: Deployment) -> None:
    deployment = either_deployment
    relation = f"{deployment.source_schema}.their_posts" if deployment.source_schema else "warmline.posts"
    with deployment.timeline() as client:
        until_ready(client)
        _put(client, HIDDEN)
        deployment.sql(f"UPDATE {relation} SET deleted_at = now() WHERE id = 'p33'")
        deployment.run_heuristic()
        _delete(client, HIDDEN)
        assert shown(client) == set(POSTS) - {"p33"}
        deployment.sql(f"UPDATE {relation} SET deleted_at = NULL WHERE id = 'p33'")
        deployment.run_heuristic()
        assert shown(client) == set(POSTS)


def test_an_erased_user_cannot_be_suspended_and_a_suspended_one_leaves_no_trace(either_deployment: Deployment) -> None:
    deployment, victim = either_deployment, "author7"
    with deployment.timeline() as client:
        until_ready(client)
        _put(client, SUSPENDED, f"/posts/{min(posts_of(victim))}/hidden")
        schemas = ("team",)  # the team cleans its own tables
        assert client.delete(f"/users/{victim}", headers=BACKEND).status_code in (202, 204)
        eventually(lambda: not traces(deployment, victim, team_schemas=(*schemas, "public")), "all is gone")
        with deployment.redis() as redis:
            eventually(lambda: redis.zcard("wl:suspended") == 0, "their hash is gone")
        assert deployment.sql("SELECT * FROM warmline.takedowns") == []
        for method in ("PUT", "DELETE"):
            answer = client.request(method, SUSPENDED, headers=BACKEND)
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:warmline:problem:user-erased")


# --- Redis is away, refuses, comes back empty -------------------------------------------------------------------------


def test_while_redis_is_away_postgresql_decides_and_what_comes_back_empty_knows_it_first(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    deployment = fragile_deployment
    deployment.run_heuristic()
    with deployment.timeline() as one, deployment.timeline() as other:
        until_ready(one, other)
        begun = ask(other, COLD, limit=10)
        second_valkey.stop()
        _put(one, HIDDEN, SUSPENDED, status=202)
        for client in (one, other):
            page = ask(client, STRANGER, limit=100)
            assert ("degraded" in page, set(ids(page))) == (True, set(POSTS) - DOWN)
        assert not set(ids(ask(other, COLD, limit=100, cursor=begun["next_cursor"]))) & DOWN
        second_valkey.start()
        eventually(lambda: not _is_degraded(one) and not _is_degraded(other), "Redis is up again")
        assert [shown(client) for client in (one, other)] == [set(POSTS) - DOWN] * 2
        second_valkey.stop()
        _delete(other, HIDDEN, SUSPENDED, status=202)
        second_valkey.start()
        eventually(lambda: not _is_degraded(one) and not _is_degraded(other), "Redis is up again")
        deployment.run_heuristic()
        assert [shown(client) for client in (one, other)] == [set(POSTS)] * 2


def _is_degraded(client: TestClient) -> bool:
    return "degraded" in ask(client, STRANGER, limit=100)


def test_a_flushed_redis_knows_them_again_before_it_is_trusted(ranked_deployment: Deployment) -> None:
    with two_timelines(ranked_deployment) as (one, other):
        _put(one, HIDDEN, SUSPENDED)
        eventually(lambda: not ranked_deployment.sql("SELECT id FROM warmline.safety_outbox"), "nothing waits")
        with ranked_deployment.redis() as redis:
            redis.flushall()
            eventually(lambda: bool(redis.exists("wl:safety")), "what is withheld is back")
            assert redis.zcard("wl:suspended") == 1
            assert str(ranked_deployment.rows()["p33"]).encode() in redis.zrange("wl:deleted", 0, -1)
        for client in (one, other):
            eventually(lambda client=client: not _is_degraded(client), "Redis is up again")  # type: ignore[misc]
            assert not shown(client, STRANGER) & DOWN


def test_a_takedown_that_was_undone_before_redis_knew_it_leaves_nothing_on_the_process_that_took_it(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as one, fragile_deployment.timeline() as other:
        until_ready(one, other)
        with fragile_deployment.redis() as redis:
            redis.replicaof("127.0.0.1", "1")  # it refuses writes, and keeps what it has
            _put(one, HIDDEN, SUSPENDED, status=202)
            _delete(other, HIDDEN, SUSPENDED)  # Redis has nothing of them, so nothing has to be written
            redis.replicaof("NO", "ONE")
        for client in (one, other):
            eventually(lambda client=client: not _is_degraded(client), "Redis is up again")  # type: ignore[misc]
        for client in (one, other):
            eventually(lambda client=client: shown(client) == set(POSTS), "shown again")  # type: ignore[misc]


def test_with_both_stores_away_the_process_and_the_next_one_know_it(
    fragile_deployment: Deployment, second_valkey: Valkey, tmp_path: Path
) -> None:
    deployment, file = fragile_deployment, tmp_path / "snapshot"
    deployment.run_heuristic()
    with deployment.timeline(snapshot_file=file) as client:
        until_ready(client)
        _put(client, HIDDEN, SUSPENDED)
        assert shown(client) == set(POSTS) - DOWN
        deployment.close_database()
        second_valkey.stop()
        try:
            assert shown(client, STRANGER) == set(POSTS) - DOWN
        finally:
            deployment.open_database()
            second_valkey.start()
    deployment.close_database()
    second_valkey.stop()
    try:
        with deployment.timeline(snapshot_file=file) as client:
            page = ask(client, STRANGER, limit=100)
            assert (page["source"], set(ids(page))) == ("snapshot", set(POSTS) - DOWN)
    finally:
        deployment.open_database()
        second_valkey.start()


# --- what a suspended user does ---------------------------------------------------------------------------------------


def test_events_of_a_suspended_user_raise_nothing_until_they_are_reinstated(either_deployment: Deployment) -> None:
    deployment, fans = either_deployment, [f"fan{number}" for number in range(12)]
    with deployment.timeline() as client:
        until_ready(client)
        before = _rank(deployment, client)
        _put(client, *(f"/users/{fan}/suspended" for fan in fans))
        likes = [{"user_id": fan, "post_id": "p70", "kind": kind} for fan in fans for kind in ("save", "share")]
        answer = client.post("/interactions", json=likes, headers=BACKEND)
        assert answer.json() == {"accepted": 24, "duplicates": 0, "rejected": []}
        assert _rank(deployment, client) > 60, "by age alone it is nearly the last"
        _delete(client, *(f"/users/{fan}/suspended" for fan in fans))
        assert _rank(deployment, client) < min(10, before)


def _rank(deployment: Deployment, client: TestClient) -> int:
    """The place of `p70` in everyone's list after a run."""
    deployment.run_heuristic()
    with deployment.redis() as redis:
        number = deployment.rows()["p70"]
        return codec.post_numbers_of(codec.decode(redis.get("wl:everyone")).entries).index(number)


def test_a_suspended_users_own_timeline_goes_on(either_deployment: Deployment) -> None:
    """They have a list, what they saw comes last, and their own posts stay away."""
    deployment = either_deployment
    with deployment.timeline() as client:
        until_ready(client)
        _put(client, f"/users/{ANN}/suspended", f"/users/{AUTHORS[0]}/suspended")
        deployment.run_heuristic()
        page = ask(client, ANN, limit=100)
        assert (page["source"], set(ids(page))) == ("heuristic", set(POSTS) - posts_of(AUTHORS[0]))
        assert set(ids(page)[-4:]) == {"p81", "p82", "p83", "p84"}, "p80 is of the author who is suspended"
        assert ask(client, AUTHORS[0], limit=100)["source"] == "heuristic"


# --- the column of the view of users ----------------------------------------------------------------------------------


def test_the_view_of_users_may_say_who_is_suspended(ranked_deployment: Deployment) -> None:
    make_views(ranked_deployment)
    deployment = replace(ranked_deployment, source_schema="team")
    without = set(POSTS) - posts_of("author7")
    with deployment.timeline() as client:
        until_ready(client)
        for suspended, shown in (("id = 'author7'", without), ("NULL::boolean", set(POSTS)), ("'no'", set(POSTS))):
            _suspend_in_view(deployment, suspended)
            deployment.run_heuristic()
            _eventually_shown(client, shown)
        _suspend_in_view(deployment, "id = 'author7'")
        _put(client, SUSPENDED)
        deployment.run_heuristic()
        _delete(client, SUSPENDED)
        deployment.run_heuristic()
        _eventually_shown(client, without)
        held = {user: client.get(f"/users/{user}/data", headers=BACKEND).json() for user in ("author7", "author6")}
        assert [each["suspended_in_view"] for each in held.values()] == [True, False]


def _suspend_in_view(deployment: Deployment, column: str) -> None:
    deployment.sql("DROP VIEW team.users")
    deployment.sql(f"CREATE VIEW team.users AS SELECT *, {column} AS suspended FROM team.their_users")
