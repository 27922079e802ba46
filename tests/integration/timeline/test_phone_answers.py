"""What browsers of an app's own sites may read, and what is compressed: by the routes and by the fast path alike."""

import gzip
import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import ANN, API_KEY, JWT_KEY, Deployment, until_ready
from tests.integration.timeline.test_attack import BODIES, OPERATOR, ROUTES, credentials
from tests.integration.timeline.test_process import first_answer, timeline_process

SITE, OTHER = "https://app.example.org", "https://evil.example"
BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OWN = {"Authorization": "Bearer " + jwt.encode({"sub": ANN, "exp": int(time.time()) + 86_400}, JWT_KEY, "HS256")}
PAGES = [
    route for route in ROUTES
    if route[1].startswith("/timeline") or route[1].partition("?")[0].endswith(("/similar", "/suggestions"))
]  # fmt: skip
WRITES = [route for route in ROUTES if "interactions" in route[1] or "preferences" in route[1]]


@pytest.fixture(scope="module")
def app(shared_deployment: Deployment) -> Iterator[TestClient]:
    with shared_deployment.timeline(env="production", cors_origins=(SITE,), jwt_writes=True) as client:
        until_ready(client)
        yield client


@pytest.fixture(scope="module")
def reads_only(shared_deployment: Deployment) -> Iterator[TestClient]:
    with shared_deployment.timeline(env="production", cors_origins=(SITE,)) as client:
        until_ready(client)
        yield client


def preflight(client: TestClient, method: str, path: str, origin: str = SITE, **more: str) -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers=asked | {f"Access-Control-Request-{name}": text for name, text in more.items()})


def shared_headers(answer: Any) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name.startswith("access-control")}


# --- other sites ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [*PAGES, *WRITES])
def test_a_preflight_of_the_apps_site_needs_no_token(app: TestClient, method: str, path: str) -> None:
    answer = preflight(app, method, path, Headers="authorization, content-type")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert {"Authorization", "Content-Type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route not in (*PAGES, *WRITES)])
def test_no_other_route_is_opened_to_any_site(app: TestClient, method: str, path: str) -> None:
    asked = preflight(app, method, path)
    answered = app.request(method, path, headers={"Origin": SITE}, json=BODIES.get(path, {}))
    assert (asked.status_code, answered.status_code) == (204, 401)
    assert (shared_headers(asked), shared_headers(answered)) == ({}, {})


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_writes_are_opened_to_sites_only_where_users_may_write(reads_only: TestClient, method: str, path: str) -> None:
    answers = [preflight(reads_only, method, path), reads_only.request(method, path, headers={"Origin": SITE}, json=[])]
    assert [shared_headers(answer) for answer in answers] == [{}, {}]


@pytest.mark.parametrize(
    "origin",
    [OTHER, "null", "", "*", "https://app.example.org.evil.example", "https://app.example.org:444", "http://app.example.org",
     "https://APP.example.org", "https://app.example.org/", f"{SITE}, {OTHER}", f"{SITE} "],
)  # fmt: skip
def test_another_site_reads_nothing(app: TestClient, origin: str) -> None:
    asked = preflight(app, "GET", "/timeline/ann", origin)
    answered = app.get("/timeline/ann", headers=OWN | {"Origin": origin})
    if origin.strip() != SITE:  # a server strips white space, the client here does not
        assert (asked.status_code, answered.status_code) == (204, 200)
        assert (shared_headers(asked), shared_headers(answered)) == ({}, {})
        assert "Origin" in answered.headers["vary"]


@pytest.mark.parametrize(
    ("method", "more"),
    [("DELETE", {}), ("PATCH", {}), ("get", {}), ("GET", {"Headers": "x-other"}), ("GET", {"Private-Network": "true"})],
)
def test_a_preflight_for_more_than_a_phone_may_is_answered_as_ever(
    app: TestClient, method: str, more: dict[str, str]
) -> None:
    answer = preflight(app, method, "/timeline/ann", **more)
    assert (answer.status_code, answer.content, shared_headers(answer)) == (204, b"", {})


@pytest.mark.parametrize(
    ("headers", "status"),
    [(OWN, 200), ({}, 401), (OWN | {"X-Long": "x" * 17_000}, 431), ({"Authorization": "Bearer x"}, 401)],
)
def test_the_apps_site_reads_pages_and_problems(app: TestClient, headers: dict[str, str], status: int) -> None:
    answer = app.get("/timeline/ann", headers=headers | {"Origin": SITE})
    assert answer.status_code == status
    assert shared_headers(answer) == {
        "access-control-allow-origin": SITE, "access-control-expose-headers": "Retry-After",
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"


def test_an_id_with_slashes_is_no_other_path(app: TestClient) -> None:
    for path in ("/timeline/a%2Fb", "/users/a%2Fb/preferences"):
        assert preflight(app, "GET", path).status_code == 200
    for path in (
        "/timeline/a/b",
        "/users/ann%2Fpreferences",
        "/users/x%2F..%2Fadmin/status",
        "/timeline//",
        "//timeline",
    ):
        assert shared_headers(preflight(app, "GET", path)) == {}


def test_an_unexpected_fault_can_be_read_by_the_apps_site(app: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timeline.http.pages.page_body", lambda page: 1 / 0)
    answer = app.get("/timeline/ann", headers=OWN | {"Origin": SITE})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, SITE)


# --- compression ------------------------------------------------------------------------------------------------------


def test_a_large_page_is_compressed_for_who_takes_it(app: TestClient) -> None:
    cursor = app.get("/timeline/ann?limit=1", headers=OWN).json()["next_cursor"]
    app.get("/timeline/ann", params={"limit": 50, "cursor": cursor}, headers=OWN)
    path = f"/timeline/ann?limit=50&cursor={cursor}"
    packed = app.get(path, headers=OWN | {"Accept-Encoding": "gzip"})
    plain = app.get(path, headers=OWN | {"Accept-Encoding": "identity"})
    assert packed.json() == plain.json()
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding, Origin"


@pytest.mark.parametrize("accept", ["gzip;q=0", "br", "", "*;q=0"])
def test_nothing_is_compressed_for_others(app: TestClient, accept: str) -> None:
    answer = app.get("/timeline/ann?limit=50", headers=OWN | {"Accept-Encoding": accept})
    assert "content-encoding" not in answer.headers


def test_small_answers_and_those_of_other_routes_are_left_as_they_are(app: TestClient) -> None:
    accept = {"Accept-Encoding": "gzip"}
    answers = [
        app.get("/timeline/ann?limit=1", headers=OWN | accept),
        app.get("/timeline/ann", headers=accept),
        app.get("/admin/status", headers=OPERATOR | accept),
        app.get("/users/ann/data", headers=BACKEND | accept),
        app.get("/metrics", headers=accept),
    ]
    assert [answer.headers.get("content-encoding") for answer in answers] == [None] * 5


def test_a_head_names_no_length_that_a_get_would_not_have(app: TestClient) -> None:
    said = app.head("/users/ann/preferences", headers=OWN | {"Accept-Encoding": "gzip"})
    assert (said.status_code, said.content, "content-length" in said.headers) == (200, b"", False)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_says_that_it_is_not_to_be_kept(app: TestClient, method: str, path: str) -> None:
    for headers in ({}, credentials(path)):
        if headers and method != "GET":
            continue
        assert app.request(method, path, headers=headers, json=BODIES.get(path)).headers["cache-control"] == "no-store"


# --- the fast path ----------------------------------------------------------------------------------------------------


def test_the_fast_path_answers_as_the_routes_do(ranked_deployment: Deployment, tmp_path: Path) -> None:
    def get(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers=BACKEND | headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): text for name, text in answer.getheaders() if name != "date"}, body

    with timeline_process(ranked_deployment, tmp_path, WARMLINE_CORS_ORIGINS=SITE) as (_, port):
        first_answer(port)
        for headers in ({}, {"Origin": SITE}, {"Origin": OTHER}, {"Accept-Encoding": "gzip"}):
            query = f"limit=50&request_id=r{len(headers)}{headers.get('Origin', '')[8:11]}"
            fast, slow = get(f"/timeline/ann?{query}", **headers), get(f"/timeline/%61nn?{query}", **headers)
            assert fast == slow
            status, sent, body = fast
            assert status == 200
            assert sent.get("access-control-allow-origin") == (SITE if headers.get("Origin") == SITE else None)
            assert (sent.get("content-encoding") == "gzip") == ("Accept-Encoding" in headers)
            assert b'"posts"' in (gzip.decompress(body) if "Accept-Encoding" in headers else body)
