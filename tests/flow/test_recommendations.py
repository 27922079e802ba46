"""Recommendations for people without an account, end to end: a timeline asks, a ranker answers through Redis."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from tests.faults.saving import make_champion
from tests.flow.camps import CAMPS, Camps, build_camps, posts_of
from tests.flow.deployment import Deployment, until_ready
from tests.flow.recommend import ask, champions_index, ids_of, recommending

PATIENT = {"recommend_budget_ms": 10_000}


@pytest.fixture
def camps(deployment: Deployment, tmp_path: "object") -> Camps:
    world = build_camps(deployment, tmp_path)  # type: ignore[arg-type]
    deployment.run_heuristic()
    make_champion(deployment, world.models)
    world.score()
    return world


@pytest.fixture
def client(camps: Camps) -> Iterator[TestClient]:
    index = champions_index(camps, datetime.now(UTC))
    with (
        recommending(camps.deployment, lambda: index, camps.content()),
        camps.deployment.timeline(**PATIENT) as client,
    ):
        until_ready(client)
        yield client


@pytest.mark.parametrize("source", ["content", "together", "neucf", "hybrid"])
def test_all(client: TestClient, source: str) -> None:
    for camp in CAMPS:
        liked = posts_of(camp)[:5]
        answer = ask(client, liked=liked, source=source, limit=20)
        print(source, camp, answer["source"], answer.get("degraded"), [(p["id"], p["score"], p["reason"]) for p in answer["posts"]])
