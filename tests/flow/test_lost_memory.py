"""A Redis that lost its memory counts as down until deletions and blocks are back.

Two ways of losing it: FLUSHALL while it runs, and a restart (the test's Valkey keeps nothing on disk).
"""

from collections.abc import Container, Iterator

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.db.installation import renew_installation
from shared.errors import StoreUnavailable
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.ownership import take_over
from tests.flow.deployment import ANN, COLD, POSTS, STRANGER, Deployment, ask, eventually, ids, posts_of, until_ready

FORBIDDEN = posts_of("author3") | {"p44"}


@pytest.fixture
def guarded_deployment(fragile_deployment: Deployment) -> Deployment:
    """`cold` has blocked an author, and a post was deleted after it had been ranked; all of it by the team's tables."""
    fragile_deployment.run_heuristic()
    fragile_deployment.block(COLD, "author3")
    fragile_deployment.delete_post("p44")
    fragile_deployment.run_heuristic()
    return fragile_deployment


@pytest.fixture
def guarded(guarded_deployment: Deployment) -> Iterator[TestClient]:
    with guarded_deployment.timeline() as client:
        until_ready(client)
        yield client


def test_a_flushed_redis_counts_as_down(guarded_deployment: Deployment) -> None:
    with guarded_deployment.timeline(refresh_seconds=60) as client:
        until_ready(client)
        guarded_deployment.redis().flushall()
        assert ask(client, COLD)["degraded"] == ["redis"]


def test_a_flushed_redis_is_up_again_within_seconds(guarded: TestClient, guarded_deployment: Deployment) -> None:
    guarded_deployment.redis().flushall()
    assert eventually(lambda: "degraded" not in ask(guarded, COLD), "Redis counts as up") < 5


def test_nothing_forbidden_appears_during_or_after_a_flush(guarded: TestClient, guarded_deployment: Deployment) -> None:
    guarded_deployment.redis().flushall()
    sources: set[bool] = set()

    def is_up_again() -> bool:
        page = ask(guarded, COLD, limit=100)
        sources.add("degraded" in page)
        assert not set(ids(page)) & FORBIDDEN
        return sources == {True, False}

    with guarded_deployment.timeline(refresh_seconds=60):  # another process, which does the reloading at its own pace
        guarded_deployment.redis().flushall()
        eventually(is_up_again, "a page during the loss and one after it")


def test_nothing_forbidden_appears_after_a_restart_of_redis(
    guarded: TestClient, guarded_deployment: Deployment, second_valkey: Valkey
) -> None:
    second_valkey.restart()
    eventually(lambda: "degraded" not in ask(guarded, COLD), "Redis counts as up")
    assert sorted(ids(ask(guarded, COLD, limit=100))) == sorted(set(POSTS) - FORBIDDEN)


def test_a_post_hidden_by_its_viewer_stays_hidden_after_a_flush(
    guarded: TestClient, guarded_deployment: Deployment
) -> None:
    guarded_deployment.add_events(ANN, ["p20"], kind="hide")
    guarded_deployment.run_heuristic()
    guarded_deployment.redis().flushall()
    eventually(lambda: "degraded" not in ask(guarded, ANN), "Redis counts as up")
    assert "p20" not in ids(ask(guarded, ANN, limit=100))


def test_a_chain_under_way_goes_on_after_a_flush(guarded: TestClient, guarded_deployment: Deployment) -> None:
    first = ask(guarded, COLD, limit=20)
    guarded_deployment.redis().flushall()
    eventually(lambda: "degraded" not in ask(guarded, ANN), "Redis counts as up")
    rest = ids(ask(guarded, COLD, limit=100, cursor=first["next_cursor"]))
    assert sorted([*ids(first), *rest]) == sorted(set(POSTS) - FORBIDDEN)


def test_lists_come_back_with_the_next_run(guarded: TestClient, guarded_deployment: Deployment) -> None:
    guarded_deployment.redis().flushall()
    eventually(lambda: "degraded" not in ask(guarded, ANN), "Redis counts as up")
    guarded_deployment.run_heuristic()
    assert ask(guarded, ANN)["source"] == "heuristic"


@pytest.mark.parametrize("user_id", [COLD, STRANGER])
def test_rows_of_another_installation_do_not_name_the_posts_of_this_one(
    ranked_deployment: Deployment, user_id: str
) -> None:
    with ranked_deployment.timeline() as old:
        until_ready(old)
        ask(old, user_id, limit=90)  # this process has learned which post each row is
        _renumber_posts(ranked_deployment)
        ranked_deployment.run_heuristic()
        with ranked_deployment.timeline() as fresh:
            until_ready(old, fresh)
            expected = ids(ask(fresh, user_id, limit=90))
            ranked_deployment.redis().delete(f"wl:seen:{user_id}")
            eventually(lambda: ids(ask(old, "nobody", limit=1)) == expected[:1], "everyone's list is the new one")
            assert ids(ask(old, user_id, limit=90)) == expected


def _renumber_posts(deployment: Deployment) -> None:
    """As a database that was made anew would number them: the same rows for other posts; runs begin at 1 again."""
    deployment.sql(  # in one transaction: a timeline that looks meanwhile would number posts that have no row
        "UPDATE warmline.post_rows SET post_id = 'x' || post_id;"
        "UPDATE warmline.post_rows SET post_id = 'p' || lpad((%s - row)::text, 2, '0');"
        "DELETE FROM warmline.runs; ALTER SEQUENCE warmline.fences RESTART",
        [(len(POSTS),)],
    )
    with deployment.database() as database:
        _, fresh = renew_installation(database, by="test")
    take_over(deployment.redis_url, fresh)


def test_memory_lost_in_the_middle_of_a_run_does_not_end_as_safe(
    fragile_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = fragile_deployment
    deployment.run_heuristic()
    deployment.block(COLD, "author3")
    real = JobStore.clear_viewers_except

    def lose_memory_first(self: JobStore, users: Container[str], *, version: int) -> None:
        with deployment.redis() as redis:
            redis.flushall()
        real(self, users, version=version)

    with deployment.timeline(refresh_seconds=60) as client:
        until_ready(client)
        monkeypatch.setattr(JobStore, "clear_viewers_except", lose_memory_first)
        with pytest.raises(StoreUnavailable, match="lost its memory"):
            deployment.run_heuristic()
        assert not set(ids(ask(client, COLD, limit=100))) & posts_of("author3")
