"""Promises 3 and 13 in every mode: what must not be shown is gone from the next page of every process, also in the
middle of a chain, and what can be undone comes back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from tests.flow.deployment import (
    API_KEY,
    AUTHORS,
    COLD,
    POSTS,
    Deployment,
    ask,
    eventually,
    ids,
    posts_of,
    rest_of_chain,
    until_ready,
)
from tests.flow.saying import SAYS, describe_posts, say, undo

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
SELDOM = 60.0  # seconds between looks at the stores: a page has to find out for itself
ALL = set(POSTS)
MODES = ("for_you", "following", "latest", "explore")
READER = AUTHORS[0]  # has posts of their own


@dataclass(frozen=True)
class Act:
    """Something that a backend does, what it withholds from the reader, and how it is undone, if it can be."""

    method: str
    path: str
    withheld: set[str]
    undone_by: str | None


ACTS = (
    Act("PUT", f"/users/{READER}/blocks/author2", posts_of("author2"), "DELETE"),
    Act("PUT", f"/users/author3/blocks/{READER}", posts_of("author3"), "DELETE"),
    Act("PUT", f"/users/{READER}/mutes/author4", posts_of("author4"), "DELETE"),
    Act("PUT", "/users/author5/suspended", posts_of("author5"), "DELETE"),
    Act("PUT", "/posts/p06/hidden", {"p06"}, "DELETE"),
    Act("DELETE", "/posts/p17", {"p17"}, None),
)


@contextmanager
def two_timelines(deployment: Deployment) -> Iterator[tuple[TestClient, TestClient]]:
    with deployment.timeline(refresh_seconds=SELDOM) as one, deployment.timeline() as other:
        until_ready(one, other)
        yield one, other


def follow_all(deployment: Deployment) -> Deployment:
    """Let the readers follow everybody, and publish what that needs."""
    rows = [(user, author) for user in (READER, COLD) for author in AUTHORS if author != user]
    deployment.sql("INSERT INTO warmline.follows (user_id, author_id) VALUES (%s, %s)", rows)
    describe_posts(deployment)
    deployment.run_heuristic()
    return deployment


def shown(client: TestClient, user: str, mode: str) -> set[str]:
    """A whole chain in one page; also if it is `degraded`, since an act may take longer than usual to reach Redis."""
    return set(ids(ask(client, user, limit=100, mode=mode)))


def rest(clients: list[TestClient], user: str, cursor: str) -> set[str]:
    """What remains of a chain."""
    pages = rest_of_chain(clients, user, {"next_cursor": cursor}, limit=20)
    return {post for page in pages for post in ids(page)}


@pytest.mark.parametrize("mode", MODES)
def test_acts_hold_on_the_next_page_of_every_process_and_are_undone(either_deployment: Deployment, mode: str) -> None:
    follow_all(either_deployment)
    eligible = ALL - posts_of(READER)
    with two_timelines(either_deployment) as (one, other):
        for act in ACTS:
            before = shown(other, READER, mode)
            assert before == eligible, "own posts never appear"
            begun = ask(other, READER, limit=10, mode=mode)
            assert one.request(act.method, act.path, headers=BACKEND).status_code == 204, act
            for client in (one, other):
                assert shown(client, READER, mode) == eligible - act.withheld, act
            assert not rest([one, other], READER, begun["next_cursor"]) & act.withheld, act
            if act.undone_by is None:
                eligible -= act.withheld
            else:
                assert other.request(act.undone_by, act.path, headers=BACKEND).status_code == 204, act


@pytest.mark.parametrize("mode", MODES)
def test_what_viewers_say_holds_on_the_next_page_of_every_process_and_is_undone(
    either_deployment: Deployment, mode: str
) -> None:
    follow_all(either_deployment)
    with two_timelines(either_deployment) as (one, other):
        for about, withheld in SAYS.values():
            begun = ask(other, COLD, limit=10, mode=mode)
            said = say(one, COLD, about)
            for client in (one, other):
                assert shown(client, COLD, mode) == ALL - withheld, about
            assert not rest([one, other], COLD, begun["next_cursor"]) & withheld, about
            undo(other, COLD, said)
            assert [shown(client, COLD, mode) for client in (one, other)] == [ALL] * 2, about


@pytest.mark.parametrize("mode", MODES)
def test_what_the_team_deletes_and_what_is_dated_ahead_is_gone_within_a_run(
    ranked_deployment: Deployment, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timeline.stores.background_refresh.NEWEST_EVERY", timedelta(0))
    follow_all(ranked_deployment)
    with ranked_deployment.timeline() as client:
        until_ready(client)
        assert shown(client, COLD, mode) == ALL
        ranked_deployment.delete_post("p12")
        ahead = datetime.now(UTC) + timedelta(hours=1)
        statement = "INSERT INTO warmline.posts (id, author_id, created_at) VALUES (%s, %s, %s)"
        ranked_deployment.sql(statement, [("ahead", AUTHORS[1], ahead)])
        ranked_deployment.run_heuristic()
        eventually(lambda: shown(client, COLD, mode) == ALL - {"p12"}, "the run is known")


@pytest.mark.parametrize("mode", ["following", "latest", "explore"])
def test_who_is_not_personalised_has_all_modes(ranked_deployment: Deployment, mode: str) -> None:
    follow_all(ranked_deployment)
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, COLD, {"personalised": False})
        page = ask(client, COLD, limit=100, mode=mode)
        assert (page["source"], set(ids(page))) == (mode, ALL)


# --- stores that are away ---------------------------------------------------------------------------------------------


@pytest.fixture
def both_ways(fragile_deployment: Deployment) -> Deployment:
    return follow_all(fragile_deployment)


def test_while_redis_is_away_every_mode_answers_from_postgresql_and_says_so(
    both_ways: Deployment, second_valkey: Valkey
) -> None:
    with both_ways.timeline() as one, both_ways.timeline() as other:
        until_ready(one, other)
        begun = {mode: ask(other, COLD, limit=10, mode=mode) for mode in MODES[1:]}
        second_valkey.stop()
        assert one.put(f"/users/{COLD}/blocks/author2", headers=BACKEND).status_code == 202
        assert one.delete("/posts/p17", headers=BACKEND).status_code == 202
        assert one.put(f"/users/{COLD}/follows/author1", headers=BACKEND).status_code == 202
        eligible = ALL - posts_of("author2") - {"p17"}
        for mode in MODES[1:]:
            for client in (one, other):
                page = ask(client, COLD, limit=100, mode=mode)
                assert (page["source"], page["degraded"], set(ids(page))) == (mode, ["redis"], eligible)
            pages = [begun[mode], *rest_of_chain([other], COLD, begun[mode], limit=20)]
            served = [post for page in pages for post in ids(page)]
            assert len(set(served)) == len(served), "no repeat"
            assert {page["source"] for page in pages} == {mode}
        second_valkey.start()
        for client in (one, other):
            eventually(lambda client=client: "degraded" not in ask(client, COLD, mode="latest"), "it is up again")  # type: ignore[misc]
        for mode in MODES[1:]:  # it came back empty: no lists of tags, no posts of authors, nobody's follows
            assert shown(other, COLD, mode) == eligible


def test_without_postgresql_redis_tells_and_without_both_everyones_list_is_served_and_says_so(
    both_ways: Deployment, second_valkey: Valkey
) -> None:
    with both_ways.timeline(database_budget_ms=500) as one:
        until_ready(one)
        ask(one, COLD, limit=1, mode="following")  # whom they follow is in Redis now
        both_ways.close_database()
        try:
            page = ask(one, COLD, limit=100, mode="following")
            assert (page["source"], set(ids(page))) == ("following", ALL)
            eventually(lambda: ask(one, COLD, mode="latest").get("degraded") == ["postgresql"], "noticed")
            assert set(ids(ask(one, COLD, limit=100, mode="latest"))) == ALL
            page = ask(one, READER, limit=5, mode="following")
            assert (page["source"], page["degraded"]) == ("everyone", ["postgresql"]), "nobody knows whom they follow"
            second_valkey.stop()
            for mode, source in (("following", "snapshot"), ("latest", "latest"), ("explore", "explore")):
                page = ask(one, COLD, limit=20, mode=mode)
                assert (page["source"], len(ids(page))) == (source, 20)
                assert set(page["degraded"]) == {"redis", "postgresql"}
                following = ask(one, COLD, limit=20, cursor=page["next_cursor"])
                assert not set(ids(page)) & set(ids(following))
        finally:
            both_ways.open_database()
