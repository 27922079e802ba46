"""A Redis that refuses writes lacks what was done since: surfaces that write nothing themselves must find out, too."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import ANN, Deployment, ids, posts_of, until_ready
from tests.flow.similar import BACKEND, publish_similar

ASKED, NEAR = "p20", ("p01", "p12", "p23", "p34", "p45")
DELETED, BLOCKED = "p12", "author7"


@pytest.fixture
def client(ranked_deployment: Deployment) -> Iterator[TestClient]:
    """A process that asks the stores for nothing in the background, and to which nobody has told of two acts."""
    publish_similar(ranked_deployment, ASKED, NEAR)
    with (
        ranked_deployment.timeline(env="production", refresh_seconds=60) as client,
        ranked_deployment.redis() as redis,
    ):
        until_ready(client)
        try:
            redis.config_set("maxmemory", 1)
            ranked_deployment.delete_post(DELETED)
            ranked_deployment.block(ANN, BLOCKED)
            yield client
        finally:
            redis.config_set("maxmemory", 0)


def test_what_was_deleted_or_blocked_is_in_no_surface(client: TestClient) -> None:
    for path in (f"/posts/{ASKED}/similar?limit=100&user_id={ANN}", "/onboarding?limit=100"):
        answer = client.get(path, headers=BACKEND)
        assert answer.status_code == 200
        assert "redis" in answer.json()["degraded"], path
        withheld = {DELETED} | (posts_of(BLOCKED) if "user_id" in path else set())
        assert not withheld & set(ids(answer.json())), path
    authors = client.get(f"/users/{ANN}/suggestions?limit=50", headers=BACKEND).json()
    assert "redis" in authors["degraded"]
    assert BLOCKED not in {author["id"] for author in authors["authors"]}


def test_a_deleted_post_is_no_question(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.delete_post(ASKED)
    assert client.get(f"/posts/{ASKED}/similar", headers=BACKEND).status_code == 404
