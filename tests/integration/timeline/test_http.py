"""Bad input over HTTP: every error is a problem of RFC 9457, and none shows internals of the process."""

import http
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, ANN, API_KEY, Deployment, ask, ids, until_ready

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
BACKEND = {"Authorization": f"Bearer {API_KEY}"}
SMILE, FAMILY, ARABIC = "🐈‍⬛ 😀", "👩‍👩‍👧‍👦", "قطة"


@pytest.fixture(scope="module")
def client(shared_deployment: Deployment) -> Iterator[TestClient]:
    """One shared timeline: refused requests change nothing."""
    with shared_deployment.timeline() as client:
        until_ready(client)
        yield client


def is_problem(response: Any, status: int) -> None:
    """Assert that an answer is a problem with this status, and nothing else."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"].startswith("urn:warmline:problem:")
    assert (body["status"], body["title"]) == (status, http.HTTPStatus(status).phrase)
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert not [word for word in ("Traceback", 'File "', "Error:", "psycopg2", "redis.") if word in response.text]


@pytest.mark.parametrize(
    "limit",
    ["0", "101", "-1", "abc", "", "1.5", "1e2", "99999999999999999999", "NaN", "١", "1_0", " 10", "10.0"],
)
def test_a_limit_out_of_range_is_a_problem(client: TestClient, limit: str) -> None:
    is_problem(client.get("/timeline/ann", params={"limit": limit}), 422)


@pytest.mark.parametrize("limit", [0, 101, -1, "abc", None, 1.5, [], {}, 10**30, True, "1_0"])
def test_a_limit_out_of_range_in_a_body_is_a_problem(client: TestClient, limit: object) -> None:
    is_problem(client.post("/timeline", json={"user_id": ANN, "limit": limit}), 422)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/admin/jobs?limit=1_0", None),
        ("PUT", "/admin/models/champion", {"version": "1_0"}),
        ("PUT", "/admin/models/champion", {"version": True}),
    ],
)
def test_other_numbers_are_digits_too(client: TestClient, method: str, path: str, body: object) -> None:
    is_problem(client.request(method, path, json=body, headers=OPERATOR), 422)


@pytest.mark.parametrize("limit", [1, 100])
def test_the_bounds_of_limit_are_allowed(client: TestClient, limit: int) -> None:
    assert len(ask(client, "stranger", limit=limit)["posts"]) == min(limit, 90)


@pytest.mark.parametrize(
    "user_id",
    [
        "x" * 129,
        "x" * 10_240,
        "a\x00b",
        "\x00",
        "a\nb",
        "a\tb",
        "\x1b[31m",
        "\x7f",
        "a\u0085b",
        " ann",
        "ann\u3000",
        "",
    ],
)
def test_an_id_that_is_none_is_a_problem(client: TestClient, user_id: str) -> None:
    by_get = client.get(f"/timeline/{quote(user_id, safe='')}")
    is_problem(by_get, 422 if user_id else 404)
    is_problem(client.post("/timeline", json={"user_id": user_id}), 422)
    is_problem(client.post("/timeline", json={"user_id": ANN, "exclude": [user_id]}), 422)


@pytest.mark.parametrize(
    "user_id",
    [
        "x" * 128, ARABIC, "😀" * 128, "a/b", "/", "//", "..", "../admin/phase", "../../etc/passwd", "a b", "a?b",
        "a#b", "a%b", "'; DROP TABLE warmline.users; --", "<script>", "a|b", "admin", "\u00e9", "e\u0301", "a\\b", "*",
    ],
)  # fmt: skip
def test_any_other_id_gets_a_page_and_comes_back_as_it_was(client: TestClient, user_id: str) -> None:
    page = ask(client, quote(user_id, safe="").replace("..", "%2e%2e"))
    assert (page["user_id"], len(page["posts"])) == (user_id, 20)


def test_a_strange_id_of_a_real_user_and_post_works_through_everything(deployment: Deployment) -> None:
    user, post = "user/../'\"|😀", "post\\t/|'😀"
    deployment.sql("INSERT INTO warmline.users (id) VALUES (%s)", [(user,)])
    deployment.add_posts([post])
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        page = ask(client, quote(user, safe=""), limit=100)
        assert page["source"] == "heuristic"
        assert post in ids(page)
        assert client.delete(f"/posts/{quote(post, safe='')}", headers=BACKEND).status_code == 204
        assert post not in ids(ask(client, quote(user, safe=""), limit=100))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"ann"', b'{"user_id": "ann",}', b"{'user_id': 'ann'}", b"\xff\xfe", b"\x00",
        b'{"user_id": "\xff"}', b'{"user_id": NaN}', b'{"limit": 5}', b'{"user_id": null}', b'{"user_id": ["ann"]}',
        b'{"user_id": "ann", "limit": 1e400}', b'{"user_id": "ann", "cursor": 5}', b'{"user_id": "\\ud800"}',
        b'{"user_id": "ann", "exclude": "p1"}', b'{"user_id": "ann", "exclude": [null]}',
        b'{"user_id": "ann", "exclude": ["\\udfff"]}',
        b'{"user_id": "ann", "\\ud800": 1}', b'{"user_id": "ann", "cursor": "\\ud800"}',
        b'{"user_id": "ann", "limit": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_a_problem(client: TestClient, body: bytes) -> None:
    response = client.post("/timeline", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
    is_problem(response, response.status_code)


def test_a_body_that_is_no_utf8_is_told_so(client: TestClient) -> None:
    body, headers = b'[{"user_id": "\xff", "post_id": "p00", "kind": "like"}]', {"content-type": "application/json"}
    response = client.post("/interactions", content=body, headers=BACKEND | headers)
    assert (response.status_code, response.json()["detail"]) == (400, "the body cannot be read; expected JSON in UTF-8")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_called_json_is_a_problem(client: TestClient, content_type: str) -> None:
    response = client.post("/timeline", content=b'{"user_id": "ann"}', headers={"content-type": content_type})
    is_problem(response, 422)


@pytest.mark.parametrize("field", ["user", "Limit", "debug", "__proto__"])
def test_an_unknown_field_in_a_body_is_a_problem(client: TestClient, field: str) -> None:
    is_problem(client.post("/timeline", json={"user_id": ANN, field: 1}), 422)


def test_an_unknown_field_of_the_phase_is_a_problem(client: TestClient) -> None:
    is_problem(client.put("/admin/phase", json={"phase": "neucf", "percent": 5}, headers=OPERATOR), 422)


@pytest.mark.parametrize("count", [501, 10_000])
def test_too_many_excluded_posts_are_a_problem(client: TestClient, count: int) -> None:
    is_problem(client.post("/timeline", json={"user_id": ANN, "exclude": ["p"] * count}), 422)


@pytest.mark.parametrize("percent", [-1, 100.1, "many", None, True, 1e300])
def test_a_rollout_out_of_range_is_a_problem(client: TestClient, percent: object) -> None:
    body = {"phase": "neucf", "rollout_percent": percent}
    is_problem(client.put("/admin/phase", json=body, headers=OPERATOR), 422)


@pytest.mark.parametrize("percent", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_rollout_that_is_no_number_is_a_problem(client: TestClient, percent: bytes) -> None:
    body = b'{"phase": "neucf", "rollout_percent": ' + percent + b"}"
    headers = OPERATOR | {"content-type": "application/json"}
    is_problem(client.put("/admin/phase", content=body, headers=headers), 422)


@pytest.mark.parametrize("phase", ["", "NEUCF", "random", None, 2])
def test_an_unknown_phase_is_a_problem(client: TestClient, phase: object) -> None:
    is_problem(client.put("/admin/phase", json={"phase": phase}, headers=OPERATOR), 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/timeline/ann"), ("PUT", "/timeline/ann"), ("PATCH", "/timeline"), ("GET", "/timeline"),
        ("POST", "/timeline/ann"), ("POST", "/healthz"), ("DELETE", "/admin/phase"), ("POST", "/admin/status"),
        ("GET", "/posts/p00"),
    ],
)  # fmt: skip
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path, headers=OPERATOR)
    is_problem(response, 405)
    assert response.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/timelines/ann", "/admin", "/admin/users", "/.env", "/timeline/../x"]
)
def test_an_unknown_route_is_a_problem(client: TestClient, path: str) -> None:
    is_problem(client.get(path, headers=OPERATOR), 404)


@pytest.mark.parametrize("body", [b"{", b'{"user_id": "ann", "unknown-secret-word": "another-secret-word"}'])
def test_a_problem_does_not_repeat_the_values_that_were_sent(client: TestClient, body: bytes) -> None:
    response = client.post("/timeline", content=body, headers={"content-type": "application/json"})
    assert "another-secret-word" not in response.text


def test_many_faults_make_a_short_answer(client: TestClient) -> None:
    response = client.post("/timeline", json={f"{number}" * 300: 1 for number in range(300)})
    is_problem(response, 422)
    assert len(response.content) < 10_000


@pytest.mark.parametrize("path", ["/timeline/ann", "/readyz", "/admin/status", "/admin/phase"])
def test_a_fault_of_ours_is_a_problem_without_details(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the process")

    for name in ("timeline.feed.feed.Feed.page", "timeline.http.admin.read_phase", "timeline.http.pages.state_of"):
        monkeypatch.setattr(name, fail)
    response = client.get(path, headers=OPERATOR)
    is_problem(response, 500)
    assert "the inside of the process" not in response.text


def test_a_fault_of_ours_is_logged_on_one_line_without_an_id(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the process")

    monkeypatch.setattr("timeline.http.routers.state_of", fail)
    client.put("/users/mallory/blocks/victor")
    (line,) = [record.getMessage() for record in caplog.records if "timeline.bug" in record.getMessage()]
    assert "route=/users/{user_id}/blocks/{blocked_user_id}" in line
    assert not [word for word in ("\n", "mallory", "victor") if word in line]


def test_postgresql_away_is_a_problem_that_says_try_again(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        ranked_deployment.close_database()
        response = client.get("/admin/phase", headers=OPERATOR)
    is_problem(response, 503)
    assert response.headers["retry-after"] == "5"


def test_docs_and_the_openapi_document_are_there(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert {"/timeline", "/timeline/{user_id}", "/admin/phase", "/admin/status", "/healthz", "/readyz"} <= {
        path.replace(":path", "") for path in client.get("/openapi.json").json()["paths"]
    }


def test_the_openapi_document_says_which_routes_want_a_token(ranked_deployment: Deployment) -> None:
    wants, refuses = set[tuple[str, str]](), set[tuple[str, str]]()
    with ranked_deployment.timeline(env="production") as stranger:
        document = stranger.get("/openapi.json").json()
        for path, operations in document["paths"].items():
            url = path.replace("{job}", "train").format_map(defaultdict(lambda: "x"))
            wants |= {(method, path) for method, operation in operations.items() if operation["security"]}
            refuses |= {(method, path) for method in operations if stranger.request(method, url).status_code == 401}
    assert wants == refuses
    assert document["components"]["securitySchemes"].keys() == {"userJwt", "apiKey", "adminToken"}


def test_a_page_has_the_fields_of_the_contract_and_no_others(client: TestClient) -> None:
    page = ask(client, ANN)
    expected = {"user_id", "source", "posts", "next_cursor", "generated_at", "feed_id"}
    assert page.keys() == expected
    assert page["posts"][0].keys() == {"id", "score", "reason"}


def test_generated_at_carries_a_zone(client: TestClient) -> None:
    assert ask(client, ANN)["generated_at"].endswith("Z")


def test_another_site_may_not_read_a_page(client: TestClient) -> None:
    response = client.get("/timeline/ann", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in response.headers


def test_both_ways_to_a_page_give_the_same_answer(client: TestClient) -> None:
    cursor = ask(client, ANN, limit=5)["next_cursor"]
    ask(client, ANN, limit=5, cursor=cursor)
    query = {"limit": 5, "cursor": cursor}  # a repeated cursor gives the same page
    short, long = client.get("/timeline/ann", params=query), client.get("/timeline/%61nn", params=query)
    assert (short.content, short.status_code) == (long.content, long.status_code)
    assert dict(short.headers) == dict(long.headers)


@pytest.mark.parametrize("path", ["/timeline/ann", "/timeline/%61nn"])
def test_a_page_counts_once_whichever_way_it_took(client: TestClient, path: str) -> None:
    def served() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("warmline_timeline_requests_total{"))

    before = served()
    client.get(path)
    client.get(path, params={"cursor": "forged"})
    assert served() == before + 2


def test_a_forged_cursor_is_refused_in_the_same_words_whichever_way_it_took(client: TestClient) -> None:
    short, long = (client.get(path, params={"cursor": "forged"}) for path in ("/timeline/ann", "/timeline/%61nn"))
    assert short.status_code == 400
    assert short.content == long.content


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/timeline", '{"user_id": "ann"}'),
        ("POST", "/interactions", "[]"),
        ("PUT", "/posts/new", '{"author_id": "author0"}'),
        ("PUT", "/users/new", "{}"),
        ("PUT", "/admin/phase", '{"phase": "heuristic"}'),
    ],
)
def test_json_under_another_content_type_is_named(
    client: TestClient, method: str, path: str, body: str, kind: str
) -> None:
    headers = (OPERATOR if "admin" in path else BACKEND) | ({"Content-Type": kind} if kind else {})
    answer = client.request(method, path, content=body, headers=headers)
    is_problem(answer, 422)
    got = repr(kind) if kind else "none"
    assert answer.json()["detail"] == f"Content-Type: got {got}, expected application/json"


def test_a_body_that_is_missing_is_said_to_be(client: TestClient) -> None:
    answer = client.post("/timeline", headers=BACKEND)
    assert answer.json()["errors"] == [{"where": "body", "expected": "Field required"}]


@pytest.mark.parametrize("at", [5, 1767225600, "1767225600", "5", 1.5, True, "1e9"])
@pytest.mark.parametrize("path", ["/users/new", "/posts/new"])
def test_a_number_is_no_time_in_a_write_as_it_is_none_in_an_event(client: TestClient, path: str, at: object) -> None:
    body = {"created_at": at} | ({"author_id": "author0"} if "posts" in path else {})
    answer = client.put(path, json=body, headers=BACKEND)
    is_problem(answer, 422)
    assert "a time as text" in answer.json()["errors"][0]["expected"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "s3://bucket/1.jpg"])
def test_a_photo_of_another_scheme_is_refused(client: TestClient, url: str) -> None:
    answer = client.put("/posts/new", json={"author_id": "author0", "image_url": url}, headers=BACKEND)
    is_problem(answer, 422)
    assert "an http(s) URL, or a path" in answer.json()["errors"][0]["expected"]


def test_a_field_that_no_event_has_is_named_beside_the_reason(client: TestClient) -> None:
    event = {"user_id": "ann", "post_id": "p00", "kind": "like", "liked": True}
    answer = client.post("/interactions", json=[event, {"user_id": ""}], headers=BACKEND).json()
    assert answer["rejected"] == [
        {"index": 0, "reason": "unknown-field", "field": "liked"},
        {"index": 1, "reason": "user-id-unusable"},
    ]
