"""HEAD on every read, and OPTIONS on every path."""

import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import API_KEY, Deployment, ask, until_ready

READS = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"]


@pytest.mark.parametrize("path", READS)
def test_head_is_a_read_without_its_body(client: TestClient, path: str) -> None:
    shown, said = client.get(path), client.head(path)
    assert (said.status_code, said.content) == (shown.status_code, b"")
    assert said.headers["content-type"] == shown.headers["content-type"]


def test_head_of_a_page_shows_nothing_and_nothing_counts_as_seen(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    until_ready(client)
    cursor = ask(client, "ann", limit=5)["next_cursor"]
    with ranked_deployment.redis() as store:
        before = store.dbsize()
        for query in ("limit=5", f"cursor={cursor}"):
            said = client.head(f"/timeline/cold?{query}" if "limit" in query else f"/timeline/ann?{query}")
            assert (said.status_code, said.content, "content-length" in said.headers) == (200, b"", False)
        assert store.dbsize() == before
    assert client.head("/timeline/ann?cursor=forged").status_code == 400
    assert client.head("/nowhere").status_code == 404


def test_head_asks_for_the_same_token(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline(env="production") as client:
        assert client.head("/timeline/ann").status_code == 401
        assert client.head("/timeline/ann", headers={"Authorization": f"Bearer {API_KEY}"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/timeline/ann", "GET, HEAD, OPTIONS"),
        ("/timeline", "OPTIONS, POST"),
        ("/users/ann", "DELETE, OPTIONS, PUT"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/admin/phase", "GET, HEAD, OPTIONS, PUT"),
    ],
)
def test_options_name_a_paths_methods(client: TestClient, path: str, methods: str) -> None:
    answer = client.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")


def test_options_of_no_path_are_none(client: TestClient) -> None:
    assert client.options("/nowhere").status_code == 404
