"""Whoever is served everyone's list gets one of their own with the next run, if the app knows them."""

from datetime import UTC, datetime, timedelta

from starlette.testclient import TestClient

from shared.ranked_lists import keys
from tests.flow.deployment import API_KEY, STRANGER, Deployment, ask, until_ready

SLEEPER = "sleeper"  # joined long ago, and did nothing since


def _joined_long_ago(deployment: Deployment) -> None:
    deployment.sql("INSERT INTO warmline.users VALUES (%s, %s)", [(SLEEPER, datetime.now(UTC) - timedelta(days=200))])


def _in_seconds(seconds: float) -> datetime:
    """A later moment: pages tell whole seconds, and two runs may fall into one."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _asked(deployment: Deployment) -> set[bytes]:
    with deployment.redis() as redis:
        return set(redis.zrange(keys.ASKED, 0, -1))


def test_a_sleeper_who_asks_has_a_list_after_the_next_run(client: TestClient, ranked_deployment: Deployment) -> None:
    _joined_long_ago(ranked_deployment)
    ranked_deployment.run_heuristic()
    assert ask(client, SLEEPER)["source"] == "everyone"
    ranked_deployment.run_heuristic()
    assert ask(client, SLEEPER)["source"] == "heuristic"


def test_their_list_is_made_again_while_they_go_on_asking(client: TestClient, ranked_deployment: Deployment) -> None:
    _joined_long_ago(ranked_deployment)
    ask(client, SLEEPER)
    ranked_deployment.run_heuristic()
    first = ask(client, SLEEPER)
    with ranked_deployment.redis() as redis:
        redis.zadd(keys.ASKED, {SLEEPER: (datetime.now(UTC) - timedelta(days=2)).timestamp()})
    ranked_deployment.run_heuristic(now=_in_seconds(2))  # without them: they asked too long ago
    until_ready(client)
    page = ask(client, SLEEPER)
    with ranked_deployment.timeline() as other:  # has met the newer publication for sure
        until_ready(other)
        assert ask(other, SLEEPER)["generated_at"] == page["generated_at"] == first["generated_at"]
    ranked_deployment.run_heuristic(now=_in_seconds(4))
    assert ask(client, SLEEPER)["generated_at"] > first["generated_at"]


def test_an_id_that_the_app_does_not_know_gets_no_list(client: TestClient, ranked_deployment: Deployment) -> None:
    ask(client, STRANGER)
    assert _asked(ranked_deployment) == {STRANGER.encode()}
    ranked_deployment.run_heuristic()
    assert ask(client, STRANGER)["source"] == "everyone"


def test_who_has_a_list_is_not_on_record(client: TestClient, ranked_deployment: Deployment) -> None:
    ask(client, "cold")
    assert _asked(ranked_deployment) == set()


def test_the_record_is_bounded_and_ends(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranked_deployment.redis() as redis:
        redis.zadd(keys.ASKED, {f"stranger{number}": number for number in range(keys.MAX_ASKED)})
        ask(client, STRANGER)
        assert redis.zcard(keys.ASKED) == keys.MAX_ASKED
        assert redis.zscore(keys.ASKED, "stranger0") is None
        assert 0 < redis.ttl(keys.ASKED) <= keys.ASKED_FOR.total_seconds()


def test_an_erased_sleeper_is_on_no_record(client: TestClient, ranked_deployment: Deployment) -> None:
    _joined_long_ago(ranked_deployment)
    ask(client, SLEEPER)
    assert _asked(ranked_deployment) == {SLEEPER.encode()}
    client.delete(f"/users/{SLEEPER}", headers={"Authorization": f"Bearer {API_KEY}"})
    assert _asked(ranked_deployment) == set()
