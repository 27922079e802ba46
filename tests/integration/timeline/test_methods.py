"""HEAD on every read, and OPTIONS on every path."""

from functools import partial

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

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


def test_options_of_the_server_name_all_methods(client: TestClient) -> None:
    """As the server passes it on; no client library can send this target."""
    assert _asked(client, "OPTIONS", b"*") == (204, b"DELETE, GET, HEAD, OPTIONS, POST, PUT")


@pytest.mark.parametrize(
    ("method", "target"), [("GET", b"*"), ("OPTIONS", b"/*"), ("OPTIONS", b"**"), ("OPTIONS", b"")]
)
def test_a_star_is_no_path(client: TestClient, method: str, target: bytes) -> None:
    assert _asked(client, method, target)[0] == 404


def _asked(client: TestClient, method: str, target: bytes) -> tuple[int, bytes | None]:
    """Status and Allow of an answer of the app itself."""
    scope = {
        "type": "http", "method": method, "path": target.decode(), "raw_path": target, "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "root_path": "", "app": client.app,
    }  # fmt: skip
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    assert client.portal is not None
    client.portal.call(partial(client.app, scope, receive, send))
    return messages[0]["status"], dict(messages[0]["headers"]).get(b"allow")


def test_options_of_no_path_are_none(client: TestClient) -> None:
    assert client.options("/nowhere").status_code == 404
