"""Values of another type or form under our keys in Redis: Redis counts as away for that answer, and nothing fails. The
next run of the heuristic job replaces them."""

import logging
import re

import pytest
from starlette.testclient import TestClient

from shared.errors import StoreUnavailable
from shared.ranked_lists import keys
from shared.ranked_lists.clients import redis_errors
from shared.text.library_noise import OURS
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    COLD,
    Deployment,
    ask,
    eventually,
    ids,
    posts_of,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
EVENTS = [{"user_id": ANN, "post_id": "p05", "kind": "hide"}, {"user_id": ANN, "post_id": "p06", "kind": "like"}]
PUTS = {
    "list": lambda redis, key: redis.rpush(key, "x"),
    "hash": lambda redis, key: redis.hset(key, mapping={"1": b"\xff", "x": "y"}),
    "bytes": lambda redis, key: redis.set(key, b"\xff\x00x" * 9),
}
CASES = [
    (keys.chunk(0), "hash"), (keys.chunk(0), "list"), (keys.BLOCKED, "bytes"), (keys.viewer(ANN), "list"),
    (keys.seen(ANN), "list"), (keys.VIEWERS, "list"), (keys.DELETED, "list"), (keys.ERASED, "bytes"),
    (keys.BLOCKED, "list"), (keys.SUSPENDED, "list"), (keys.ASKED, "hash"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "kind"), CASES)
def test_it_is_redis_being_away(
    ranked_deployment: Deployment, caplog: pytest.LogCaptureFixture, key: str, kind: str
) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        cursor = ask(client, ANN, limit=5)["next_cursor"]
    with ranked_deployment.redis() as redis:
        redis.delete(key)
        PUTS[kind](redis, key)
    with caplog.at_level(logging.INFO), ranked_deployment.timeline() as client:
        pages = [ask(client, ANN, limit=5), ask(client, ANN, limit=5, cursor=cursor), ask(client, "stranger", limit=5)]
        assert [len(ids(page)) for page in pages] == [5, 5, 5]
        assert "p05" not in ids(_after_writing(client))
    said = [record.getMessage() for record in caplog.records if record.name == OURS]
    assert [line for line in said if re.search(r"timeline\.bug|errand_failed|\b(ann|cold)\b", line)] == []


@pytest.mark.parametrize(("key", "kind"), [*CASES, (keys.EVERYONE, "list"), (keys.CLUSTERS, "list")])
def test_after_a_run_it_is_replaced_and_acts_and_erasures_are_complete(
    ranked_deployment: Deployment, key: str, kind: str
) -> None:
    block = f"/users/{ANN}/blocks/author3"
    with ranked_deployment.redis() as redis, ranked_deployment.timeline() as client:
        until_ready(client)
        redis.delete(key)
        PUTS[kind](redis, key)
        assert client.delete(f"/users/{COLD}", headers=BACKEND).status_code in (202, 204)
        assert client.put(block, headers=BACKEND).status_code in (202, 204)
        assert client.delete("/posts/p07", headers=BACKEND).status_code in (202, 204)
        ranked_deployment.run_heuristic()
        until_ready(client)
        left = "SELECT user_id FROM warmline.erasures UNION ALL SELECT id::text FROM warmline.safety_outbox"
        eventually(lambda: ranked_deployment.sql(left) == [], "the erasure and the acts are complete")
        assert client.put(block, headers=BACKEND).status_code == 204
        eventually(lambda: "degraded" not in ask(client, ANN), "pages trust Redis again")
        assert posts_of("author3").union({"p07"}).isdisjoint(ids(ask(client, ANN, limit=100)))


@pytest.mark.parametrize("kind", ["list", "hash"])
def test_an_erasure_needs_no_run_to_get_over_the_blocks(ranked_deployment: Deployment, kind: str) -> None:
    with ranked_deployment.redis() as redis, ranked_deployment.timeline() as client:
        until_ready(client)
        redis.delete(keys.BLOCKED)
        PUTS[kind](redis, keys.BLOCKED)
        assert client.delete(f"/users/{COLD}", headers=BACKEND).status_code == 204


def _after_writing(client: TestClient) -> dict[str, object]:
    """The page after writes of all kinds, each of which was durable."""
    statuses = [
        client.post("/interactions", json=EVENTS, headers=BACKEND).status_code,
        client.put(f"/users/{ANN}/blocks/author3", headers=BACKEND).status_code,
        client.delete("/posts/p07", headers=BACKEND).status_code,
        client.get(f"/users/{ANN}/data", headers=BACKEND).status_code,
        client.get("/admin/status", headers=OPERATOR).status_code,
        client.delete(f"/users/{COLD}", headers=BACKEND).status_code,
    ]
    assert {*statuses} <= {200, 202, 204}, statuses
    return ask(client, ANN, limit=100)


def test_the_error_of_a_refused_command_names_no_user(ranked_deployment: Deployment) -> None:
    refused = pytest.raises(StoreUnavailable, match="as expected: WRONGTYPE")
    with ranked_deployment.redis() as redis, refused as raised, redis_errors(ranked_deployment.redis_url):
        redis.set(keys.VIEWERS, "x")
        redis.pipeline().srem(keys.VIEWERS, "a-user").execute()
    assert "a-user" in str(raised.value.__cause__)
    assert "a-user" not in str(raised.value)
