"""Promise 3 while Redis answers reads and refuses writes: what was acknowledged is obeyed by every process.

The timelines here look at Redis by themselves once a minute only, so that each page has to find out for itself.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import redis
from starlette.testclient import TestClient

from demo.valkey import Valkey
from tests.flow.deployment import (
    API_KEY,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    JsonObject,
    ask,
    eventually,
    ids,
    posts_of,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
SELDOM = 60.0  # seconds between looks


def _fail_a_save(client: "redis.Redis", valkey: Valkey) -> None:
    """Writes are refused after a save that failed: here, for want of the folder to save into."""
    shutil.rmtree(valkey.home / "valkey")
    client.config_set("save", "900 1")
    client.bgsave()
    eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", "the save has failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """A way in which Redis goes on answering reads only."""

    begin: Callable[["redis.Redis", Valkey], object]
    settings: Mapping[str, str]  # that end it


BREAKAGES = {
    "full": Breakage(begin=lambda client, _: client.config_set("maxmemory", 1), settings={"maxmemory": "0"}),
    "replica": Breakage(begin=lambda client, _: client.replicaof("127.0.0.1", "1"), settings={}),
    "no replicas": Breakage(
        begin=lambda client, _: client.config_set("min-replicas-to-write", 1), settings={"min-replicas-to-write": "0"}
    ),
    "failed save": Breakage(begin=_fail_a_save, settings={"save": "", "stop-writes-on-bgsave-error": "no"}),
}


@contextmanager
def _broken(deployment: Deployment, valkey: Valkey, breakage: Breakage) -> Iterator[Callable[[], None]]:
    """Redis refuses writes until the block ends, or what it gives is called."""
    with deployment.redis() as client:

        def mend() -> None:
            (valkey.home / "valkey").mkdir(exist_ok=True)  # where it starts again
            client.replicaof("NO", "ONE")
            for name, value in breakage.settings.items():
                client.config_set(name, value)

        breakage.begin(client, valkey)
        try:
            yield mend
        finally:
            mend()


def _acts(client: TestClient) -> list[tuple[int, JsonObject]]:
    """A block, a hide, a delete and two takedowns; returns the answers."""
    hide = {"user_id": COLD, "post_id": "p11", "kind": "hide"}
    answers = [
        client.put(f"/users/{COLD}/blocks/author3", headers=BACKEND),
        client.post("/interactions", json=[hide], headers=BACKEND),
        client.delete("/posts/p07", headers=BACKEND),
        client.put("/posts/p12/hidden", headers=BACKEND),
        client.put("/users/author6/suspended", headers=BACKEND),
    ]
    return [(answer.status_code, answer.json() if answer.content else {}) for answer in answers]


GONE = posts_of("author3") | posts_of("author6") | {"p11", "p07", "p12"}


@pytest.mark.parametrize("name", BREAKAGES)
def test_acts_are_obeyed_by_every_process(
    name: str, fragile_deployment: Deployment, second_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    fragile_deployment.run_heuristic()
    caplog.set_level(logging.INFO, logger="warmline")
    with (
        fragile_deployment.timeline(refresh_seconds=SELDOM) as one,
        fragile_deployment.timeline(refresh_seconds=SELDOM) as other,
    ):
        until_ready(one, other)
        before = ask(other, COLD, limit=10)
        with _broken(fragile_deployment, second_valkey, BREAKAGES[name]) as mend:
            answers = _acts(one)
            first = [ask(client, COLD, limit=100) for client in (one, other)]
            rest = ask(other, COLD, limit=100, cursor=before["next_cursor"])
            ready = [client.get("/readyz").json()["missing"].get("redis") for client in (one, other)]
            reasons = [record.getMessage() for record in caplog.records if "store_down" in record.getMessage()]
            mend()
            until_ready(one, other)
            after = [ask(client, COLD, limit=100) for client in (one, other)]
    assert [status for status, _ in answers] == [202] * 5
    assert [body["pending"] for _, body in answers] == [True] * 5
    assert [set(ids(page)) for page in first] == [set(POSTS) - GONE] * 2
    assert [page["degraded"] for page in first] == [["redis"]] * 2
    assert [page["source"] for page in first] == ["heuristic"] * 2, "their lists can be read"
    assert set(ids(rest)) == set(POSTS) - GONE - set(ids(before))
    assert ready == ["refuses writes; PostgreSQL decides what may be shown"] * 2
    assert all("refuses writes" in reason for reason in reasons)
    assert len(reasons) == 2
    assert [(set(ids(page)), "degraded" in page) for page in after] == [(set(POSTS) - GONE, False)] * 2


def test_a_repeated_page_obeys_too(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    """A repeat writes nothing by itself, so it has to ask."""
    fragile_deployment.run_heuristic()
    with (
        fragile_deployment.timeline(refresh_seconds=SELDOM) as one,
        fragile_deployment.timeline(refresh_seconds=SELDOM) as other,
    ):
        until_ready(one, other)
        first = ask(other, COLD, limit=10)
        second = ask(other, COLD, limit=10, cursor=first["next_cursor"])
        with _broken(fragile_deployment, second_valkey, BREAKAGES["replica"]):
            victim = ids(second)[3]
            assert one.delete(f"/posts/{victim}", headers=BACKEND).status_code == 202
            again = ask(other, COLD, limit=10, cursor=first["next_cursor"])
    assert ids(again) == [post for post in ids(second) if post != victim]


def test_an_act_survives_the_process_that_took_it(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    """It stands in PostgreSQL from its own transaction on, and any process brings it to Redis."""
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline(refresh_seconds=0.1) as other:
        until_ready(other)
        with (
            _broken(fragile_deployment, second_valkey, BREAKAGES["no replicas"]),
            fragile_deployment.timeline(refresh_seconds=SELDOM) as one,
        ):
            _acts(one)
        until_ready(other)
        eventually(lambda: not fragile_deployment.sql("SELECT id FROM warmline.safety_outbox"), "the outbox is empty")
        eventually(lambda: "degraded" not in ask(other, STRANGER, limit=1), "Redis is up again")
        page = ask(other, COLD, limit=100)
    assert (set(ids(page)), "degraded" in page) == (set(POSTS) - GONE, False)


def test_while_postgresql_is_away_too_both_stores_last_words_hold(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline(refresh_seconds=SELDOM) as one:
        until_ready(one)
        assert one.put(f"/users/{COLD}/blocks/author5", headers=BACKEND).status_code == 204
        with _broken(fragile_deployment, second_valkey, BREAKAGES["full"]):
            _acts(one)
            fragile_deployment.close_database()
            try:
                page = ask(one, COLD, limit=100)
            finally:
                fragile_deployment.open_database()
    assert not set(ids(page)) & (GONE - {"p11"} | posts_of("author5"))
    assert sorted(page["degraded"]) == ["postgresql", "redis"]


def test_an_act_that_redis_has_is_a_204_and_leaves_nothing_behind(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        assert [status for status, _ in _acts(client)] == [204, 200, 204, 204, 204]
        eventually(lambda: not ranked_deployment.sql("SELECT id FROM warmline.safety_outbox"), "the outbox is empty")
