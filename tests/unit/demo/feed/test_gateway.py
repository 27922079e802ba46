"""What the example passes on to the timeline, and what it does not."""

from typing import Any

import pytest

from demo.feed.gateway import MOST_BYTES
from tests.unit.demo.feed.world import client_of, settings_of

JWT = {"authorization": "Bearer the-users-own", "cookie": "c=1"}


def asked(method: str, path: str, **request: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    with client_of(settings_of()) as client:
        answer = client.request(method, path, headers=JWT, **request)
        return answer.status_code, answer.json(), dict(answer.headers)


def test_a_call_arrives_as_it_was_sent_and_so_does_its_answer() -> None:
    status, call, headers = asked("GET", "/api/timeline/a%2Fb%20c?limit=3&cursor=x%3D")
    assert call == {
        "method": "GET", "path": "/timeline/a%2Fb%20c?limit=3&cursor=x%3D", "body": "",
        "headers": {"authorization": "Bearer the-users-own"},
    }  # fmt: skip
    assert (status, headers["retry-after"]) == (429, "3")
    assert "server" not in headers


def test_a_body_arrives_as_it_was_sent() -> None:
    _, call, _ = asked("DELETE", "/api/interactions", content=b'[{"user_id": "ann"}]')
    assert (call["method"], call["path"], call["body"]) == ("DELETE", "/interactions", '[{"user_id": "ann"}]')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/admin/status"),
        ("GET", "/api/users/ann/data"),
        ("DELETE", "/api/users/ann"),
        ("DELETE", "/api/users/ann/preferences"),
        ("DELETE", "/api/posts/p1"),
        ("POST", "/api/timeline"),
        ("GET", "/api/timeline/"),
        ("GET", "/api/timeline/ann/"),
        ("GET", "/api/timeline/ann/../../admin/status"),
        ("GET", "/api/metrics"),
        ("GET", "/api//timeline/ann"),
    ],
)
def test_no_other_call_is_passed_on(method: str, path: str) -> None:
    status, body, _ = asked(method, path)
    assert (status, body["type"]) == (404, "not-found")


def test_a_large_body_is_refused() -> None:
    status, body, _ = asked("POST", "/api/interactions", content=b"x" * (MOST_BYTES + 1))
    assert (status, body["type"]) == (413, "body-too-large")
