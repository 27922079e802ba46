"""What an act is answered depends on Redis, not on what pages think of it; many acts do not wait for each other."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.text.library_noise import OURS
from tests.flow.deployment import (
    API_KEY,
    COLD,
    STRANGER,
    Deployment,
    ask,
    eventually,
    ids,
    posts_of,
    state_of_app,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
HIDE = [{"user_id": COLD, "post_id": "p11", "kind": "hide"}]
ACTS: tuple[tuple[str, str, Any], ...] = (
    ("PUT", f"/users/{COLD}/blocks/author3", None), ("DELETE", "/posts/p07", None), ("PUT", "/posts/p08/hidden", None),
    ("PUT", "/users/author5/suspended", None), ("POST", "/interactions", HIDE), ("DELETE", "/users/author6", None),
)  # fmt: skip
GONE = {"p07", "p08", "p11", *posts_of("author3"), *posts_of("author5"), *posts_of("author6")}
PAIRS = 25
SELDOM = 60.0  # seconds between two background checks: none of them helps


def act(client: TestClient, method: str, path: str, body: object = None) -> int:
    return client.request(method, path, json=body, headers=BACKEND).status_code


def _gave_up(client: TestClient) -> None:
    state_of_app(client).background_refresh.breakers["redis"].is_open = True


def _is_behind(client: TestClient) -> None:
    state_of_app(client).stores.is_redis_behind = True


@pytest.mark.parametrize("doubt", [_gave_up, _is_behind])
def test_an_act_is_known_everywhere_although_pages_doubt_redis(
    ranked_deployment: Deployment, doubt: Callable[[TestClient], None]
) -> None:
    """As under load, when Redis misses the budget of pages."""
    with ranked_deployment.timeline(refresh_seconds=SELDOM) as one, ranked_deployment.timeline() as other:
        until_ready(one)
        until_ready(other)
        for method, path, body in ACTS:
            doubt(one)
            assert act(one, method, path, body) in (200, 204), path
        page = ask(other, COLD, limit=100)
    assert ("degraded" in page, GONE.intersection(ids(page))) == (False, set())


def test_a_burst_of_acts_is_known_everywhere(client: TestClient, ranked_deployment: Deployment) -> None:
    """Pairs that end as they began, all at once, while the check of the outbox doubts Redis again and again."""
    paths = [path.format(number) for number in range(PAIRS) for path in ("/posts/p{}/hidden", "/users/u{}/suspended")]

    def pair(path: str) -> list[int]:
        _is_behind(client)
        return [act(client, method, path) for method in ("PUT", "DELETE")]

    with ThreadPoolExecutor(len(paths)) as threads:
        assert [*threads.map(pair, paths)] == [[204, 204]] * len(paths)
    eventually(lambda: ranked_deployment.sql("SELECT 1 FROM warmline.safety_outbox") == [], "the outbox is empty")


def test_while_redis_hangs_acts_are_answered_pending_and_nearly_none_waits_for_it(
    fragile_deployment: Deployment, second_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    fragile_deployment.run_heuristic()
    paths = [
        *(f"/users/{STRANGER}/blocks/author{number}" for number in range(5)),
        *(f"/posts/p{n}/hidden" for n in range(10, 40)),
    ]
    with fragile_deployment.timeline(refresh_seconds=SELDOM) as client:
        until_ready(client)
        second_valkey.pause()
        try:
            with caplog.at_level(logging.INFO), ThreadPoolExecutor(len(paths)) as threads:
                statuses = [*threads.map(lambda path: act(client, "PUT", path), paths)]
            seen_by_itself = ask(client, STRANGER, limit=100)
        finally:
            second_valkey.resume()
        eventually(lambda: fragile_deployment.sql("SELECT 1 FROM warmline.safety_outbox") == [], "Redis has all acts")
    assert statuses == [202] * len(paths)
    withheld = {f"p{number}" for number in range(10, 40)}.union(*(posts_of(f"author{number}") for number in range(5)))
    assert withheld.isdisjoint(ids(seen_by_itself))
    said = [record.getMessage() for record in caplog.records if record.name == OURS]
    assert any("timeline.safety_waits" in line for line in said)
