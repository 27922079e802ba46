"""Headers for browsers, and a documentation page that loads nothing from other hosts."""

import re

import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import Deployment
from timeline.app import create_app
from timeline.http.docs_page import FILES

NOWHERE = Deployment(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9/0")
OTHER_ORIGIN = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def client() -> TestClient:
    """An app that was never started: these routes need no store."""
    return TestClient(create_app(NOWHERE.settings()), raise_server_exceptions=False)


def test_the_page_refers_to_no_other_origin(client: TestClient) -> None:
    assert OTHER_ORIGIN.search(client.get("/docs").text) is None


def test_all_files_of_the_page_exist(client: TestClient) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', client.get("/docs").text)
    assert len(named) == 5
    for name in named:
        if not name.startswith("data:"):
            answer = client.get(f"/{name}")
            assert (answer.status_code, bool(answer.content)) == (200, True), name


def test_the_files_are_the_packages_own_and_of_the_right_type(client: TestClient) -> None:
    types = {name: client.get(f"/docs/{name}").headers["content-type"].partition(";")[0] for name in FILES}
    assert types == FILES
    assert b"SwaggerUIBundle" in client.get("/docs/swagger-ui-bundle.js").content


def test_no_script_runs_but_the_files_of_this_origin(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = dict(part.split(maxsplit=1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:", answer.text) == []
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["redoc.standalone.js", "..%2Fcore.py", "%2e%2e%2fcore.py", "%2Fetc%2Fpasswd", "swagger-ui.css%00", ""],
)
def test_no_other_file_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/docs/{path}").status_code in (404, 422)


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_pages_that_would_load_from_a_cdn_are_gone(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/docs", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/healthz", 405),
        ("GET", "/timeline/" + "x" * 20_000, 431),
        ("GET", "/timeline/%zz", 422),
        ("GET", "/readyz", 500),  # the app was not started
    ],
)
def test_every_answer_forbids_type_guessing_and_caching(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == ["no-store"]


def test_public_files_may_be_cached(client: TestClient) -> None:
    assert client.get("/docs/swagger-ui.css").headers.get_list("cache-control") == ["public, max-age=3600"]
