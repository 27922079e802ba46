"""Every route with unauthorized clients and hostile bodies: refused with a problem. For ids see `test_exact_paths`."""

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, ANN, API_KEY, JWT_KEY, Deployment, until_ready
from timeline.app import create_app
from timeline.http.limits import MAX_BODY, MAX_HEADERS, OTHER_BODY

PROBLEM = "application/problem+json"
OPERATOR, BACKEND = ({"Authorization": f"Bearer {token}"} for token in (ADMIN_TOKEN, API_KEY))
JSON = {"content-type": "application/json"}
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
# Every route of the app, with a harmless value for each part of its path.
ROUTES = [
    ("GET", "/posts/p00/similar"),
    ("GET", "/timeline/ann"), ("POST", "/timeline"), ("POST", "/interactions"), ("DELETE", "/interactions"),
    ("PUT", "/users/ann"), ("DELETE", "/users/ann"), ("PUT", "/posts/p00"), ("DELETE", "/posts/p00"),
    ("PUT", "/users/ann/blocks/author1"), ("DELETE", "/users/ann/blocks/author1"),
    ("GET", "/admin/phase"), ("PUT", "/admin/phase"), ("GET", "/admin/status"), ("GET", "/admin/models"),
    ("PUT", "/admin/models/champion"), ("POST", "/admin/jobs/train"), ("GET", "/admin/jobs"),
    ("PUT", "/posts/p00/hidden"), ("DELETE", "/posts/p00/hidden"), ("GET", "/users/ann/data"),
    ("PUT", "/users/ann/suspended"), ("DELETE", "/users/ann/suspended"),
    ("PUT", "/users/ann/mutes/author1"), ("DELETE", "/users/ann/mutes/author1"),
    ("PUT", "/users/ann/follows/author1"), ("DELETE", "/users/ann/follows/author1"),
    ("GET", "/users/ann/suggestions"), ("GET", "/onboarding"),
    ("GET", "/users/ann/preferences"), ("POST", "/users/ann/preferences"), ("PUT", "/users/ann/preferences"),
    ("DELETE", "/users/ann/preferences"), ("DELETE", "/users/ann/preferences/1"), ("POST", "/recommendations"),
]  # fmt: skip
OF_PHONES = ("/timeline", "/users/ann/suggestions")  # these know other users' tokens
WITH_BODY = [
    ("POST", "/timeline"), ("POST", "/interactions"), ("DELETE", "/interactions"), ("PUT", "/users/ann"),
    ("PUT", "/posts/p00"), ("PUT", "/admin/phase"), ("PUT", "/admin/models/champion"), ("POST", "/recommendations"),
]  # fmt: skip
BODIES: dict[str, Any] = {
    "/timeline": {"user_id": ANN}, "/interactions": [{"user_id": ANN, "post_id": "p00", "kind": "like"}],
    "/posts/p00": {"author_id": "author0", "caption": "taken over"}, "/admin/phase": {"phase": "neucf"},
    "/admin/models/champion": {"version": 1}, "/users/ann/preferences": {"mute": {"author": "author1"}},
}  # fmt: skip
STRANGERS = {
    "absent": {}, "empty": {"Authorization": ""}, "bearer of nothing": {"Authorization": "Bearer "},
    "wrong": {"Authorization": "Bearer wrong"}, "another scheme": {"Authorization": f"Basic {API_KEY}"},
    "the JWT key": {"Authorization": f"Bearer {JWT_KEY}"}, "cut": {"Authorization": f"Bearer {API_KEY[:-1]}"},
    "in the query": {"X-Api-Key": API_KEY}, "a cookie": {"Cookie": f"Authorization=Bearer {API_KEY}"},
    "10 KB": {"Authorization": "Bearer " + "x" * 10_000},
    "a user's own JWT": {
        "Authorization": "Bearer " + jwt.encode({"sub": "mallory", "exp": int(time.time()) + 86_400}, JWT_KEY, "HS256")
    },
}  # fmt: skip
WRITTEN = """
SELECT (SELECT count(*) FROM warmline.interactions), (SELECT count(*) FROM warmline.users),
       (SELECT count(*) FROM warmline.posts WHERE deleted_at IS NULL AND caption <> 'taken over'),
       (SELECT count(*) FROM warmline.blocks), (SELECT count(*) FROM warmline.tombstones),
       (SELECT count(*) FROM warmline.preferences), (SELECT count(*) FROM warmline.viewer_settings),
       (SELECT count(*) FROM warmline.mutes), (SELECT count(*) FROM warmline.follows),
       (SELECT count(*) FROM warmline.phase_changes),
       (SELECT count(*) FROM warmline.runs)
"""


@pytest.fixture(scope="module")
def guarded(shared_deployment: Deployment) -> Iterator[TestClient]:
    """A timeline in production mode, shared, since refused requests change nothing."""
    with shared_deployment.timeline(env="production") as client:
        until_ready(client)
        yield client


def is_problem(response: Any, *statuses: int) -> None:
    assert response.status_code in statuses, (response.status_code, response.text[:300])
    assert response.headers["content-type"] == PROBLEM
    assert set(response.json()) >= {"type", "title", "status", "detail"}
    assert not [word for word in ("Traceback", 'File "', "psycopg2", API_KEY, ADMIN_TOKEN) if word in response.text]


def credentials(path: str) -> dict[str, str]:
    return OPERATOR if path.startswith("/admin") else BACKEND


def test_every_route_is_in_the_list(shared_deployment: Deployment) -> None:
    documented = create_app(shared_deployment.settings()).openapi()["paths"]
    known = {(method.upper(), path) for path, methods in documented.items() for method in methods} - OPEN
    assert len(known) == len(ROUTES), known
    assert {path.split("/")[1] for _, path in known} == {path.split("/")[1] for _, path in ROUTES}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_opens_to_a_stranger_and_nothing_is_written(
    guarded: TestClient, shared_deployment: Deployment, method: str, path: str
) -> None:
    before = shared_deployment.sql(WRITTEN)
    for name, headers in STRANGERS.items():
        response = guarded.request(method, path, headers=headers, json=BODIES.get(path, {}))
        if name == "a user's own JWT" and path.endswith("/similar"):  # it is for whoever asks
            assert response.status_code == 200
            continue
        is_problem(response, 401, 403)
        assert response.status_code == 401 or path.startswith(OF_PHONES)
    assert shared_deployment.sql(WRITTEN) == before


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if not route[1].startswith("/timeline")])
def test_the_backend_is_no_operator_and_the_operator_no_backend(guarded: TestClient, method: str, path: str) -> None:
    other = BACKEND if path.startswith("/admin") else OPERATOR
    is_problem(guarded.request(method, path, headers=other, json=BODIES.get(path, {})), 401)


# --- hostile bodies ---------------------------------------------------------------------------------------------------

HUGE = {
    "10 MB": (b'["' + b"x" * 10_000_000 + b'"]', 413),
    "one byte too many": (b" " * (MAX_BODY + 1), 413),
    "depth 10,000": (b"[" * 10_000 + b"]" * 10_000, 400),
    "objects 10,000 deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "depth 400,000, unclosed": (b"[" * 400_000, 400),
    "100,000 events": (json.dumps([{}] * 100_000).encode(), 422),
    "10,000,000 digits": (b"9" * 999_999, 422),
    "no UTF-8": (b'[{"user_id": "\xff\xfe"}]', 400),
    "a backslash without end": (b'"\\' * 400_000, 422),
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_hostile_body_is_refused(
    guarded: TestClient, shared_deployment: Deployment, method: str, path: str, name: str
) -> None:
    body, status = HUGE[name]
    before = shared_deployment.sql(WRITTEN)
    begun = time.monotonic()
    response = guarded.request(method, path, headers=credentials(path) | JSON, content=body)
    assert time.monotonic() - begun < 5
    is_problem(response, status, 422, 400, 413)  # some routes take less than others
    assert shared_deployment.sql(WRITTEN) == before


NUMBERS = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity", "9" * 5_000: "an integer of more than 4,300"}


@pytest.mark.parametrize("number", NUMBERS, ids=["NaN", "Infinity", "-Infinity", "5,000 digits"])
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_what_json_has_no_number_for_is_said(guarded: TestClient, method: str, path: str, number: str) -> None:
    body = f'[{{"limit": {number}}}]'
    response = guarded.request(method, path, headers=credentials(path) | JSON, content=body)
    if len(body) > OTHER_BODY and response.status_code == 413:  # this route takes no body of that size
        return
    is_problem(response, 422)
    assert response.json()["detail"].startswith(f"body: got {NUMBERS[number]}")


def test_a_body_in_pieces_is_cut_off_at_the_bound(guarded: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 10_000

    is_problem(guarded.post("/interactions", headers=BACKEND | JSON, content=pieces()), 413)


def test_a_stranger_is_refused_a_large_body_as_well(guarded: TestClient) -> None:
    is_problem(guarded.post("/interactions", headers=JSON, content=b" " * 2 * MAX_BODY), 401)


@pytest.mark.parametrize("headers", [{"X-Long": "x" * MAX_HEADERS}, {f"X-{n}": "y" * 100 for n in range(200)}])
def test_headers_that_are_too_large_are_refused(guarded: TestClient, headers: dict[str, str]) -> None:
    is_problem(guarded.get("/healthz", headers=headers), 431)


# --- browsers of other sites ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_another_sites_browser(guarded: TestClient, method: str, path: str) -> None:
    origin = {"Origin": "https://evil.example"}
    asked = guarded.options(path, headers=origin | {"Access-Control-Request-Method": method})
    answered = guarded.request(method, path, headers=origin, json=BODIES.get(path, {}))
    assert not [name for each in (asked, answered) for name in each.headers if name.startswith("access-control")]
    assert asked.status_code == 204
