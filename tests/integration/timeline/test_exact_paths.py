"""Paths and ids as they were sent: what means no route or no id is refused and changes nothing; the rest is plain data.

Asked over sockets of a real process, for clients normalise paths: what arrives is what stands here.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from typing import Any
from urllib.parse import quote

import pytest

from tests.flow.deployment import ADMIN_TOKEN, API_KEY, Deployment
from tests.integration.timeline.test_process import first_answer, timeline_process

LIKE = [{"user_id": "ann", "post_id": "p00", "kind": "like"}]
# Every route with an id in its path, {} being the last one, and a body with which it would write.
WITH_ID: list[tuple[str, str, Any]] = [
    ("GET", "/timeline/{}", None), ("PUT", "/users/{}", {"created_at": "2020-01-01T00:00:00Z"}),
    ("DELETE", "/users/{}", None), ("PUT", "/posts/{}", {"author_id": "author0", "caption": "written"}),
    ("DELETE", "/posts/{}", None), ("PUT", "/users/ann/blocks/{}", None), ("DELETE", "/users/ann/blocks/{}", None),
    ("PUT", "/users/{}/blocks/ann", None), ("DELETE", "/users/{}/blocks/ann", None),
]  # fmt: skip
WITHOUT_ID: list[tuple[str, str, Any]] = [
    ("POST", "/timeline", {"user_id": "ann"}), ("POST", "/interactions", LIKE), ("DELETE", "/interactions", LIKE),
    ("PUT", "/admin/phase", {"phase": "neucf"}), ("GET", "/admin/phase", None), ("GET", "/admin/status", None),
    ("GET", "/admin/models", None), ("PUT", "/admin/models/champion", {"version": 1}), ("GET", "/admin/jobs", None),
    ("POST", "/admin/jobs/heuristic", None), ("GET", "/healthz", None), ("GET", "/readyz", None),
    ("GET", "/metrics", None), ("GET", "/openapi.json", None),
]  # fmt: skip
ROUTES = [(method, path.format("fan0" if "users" in path else "p01"), body) for method, path, body in WITH_ID]
# What becomes of a route's path, so that no route is meant.
CHANGED: dict[str, Callable[[str], str]] = {
    "a slash in front": lambda path: "/" + path, "all doubled": lambda path: path.replace("/", "//"),
    "a dot in front": lambda path: "/." + path, "a way back": lambda path: "/x/.." + path,
    "a part less": lambda path: path.rpartition("/")[0] + "/",
    "an empty part": lambda path: path.rpartition("/")[0] + "//" + path.rpartition("/")[2],
    "another word": lambda path: re.sub("^/[a-z]+", "/other", path),
    "capitals": lambda path: path[:2].upper() + path[2:],
}  # fmt: skip
ENDINGS = [
    "/", "//", "/.", "/..", "/more", "%0A", "%0D", "%00", "%1F", "/%1f", "%09", "%20", "#x", "%", "%2", "%zz",
    "%ff", "\xff", "%c0%af", "%ed%a0%80",
]  # fmt: skip
ENDINGS_OF_WORDS = ["%2F", "%5C", ";a=b", "%3Fa=b"]  # behind an id these belong to it
# Values that are no ids, as they stand in a path.
NO_IDS = [
    "%20a", "a%20", "%20", "%C2%A0a", "a%E3%80%80", "a%E2%80%A8", "%0Aa", "a%0D%0AX:%20y", "a%00b", "%1F", "a%1Fb",
    "a%09b", "%1B[31m", "%7F", "a%C2%85", "%FE", "%C0%80", "%F4%90%80%80", "x" * 129, "%F0%9F%98%80" * 129,
    "x" * 10_240,
]  # fmt: skip
GOOD_IDS = [
    "fan@example.org", "auth0|5f7c2a", "did:plc:z72i7hd", "a/b", "/", "a//b", "a/blocks/b", "U/blocks/V/", "blocks",
    "../../etc/passwd", "..", "100%", "50%25", "%2F", "%00", "a b  c", "a?b=c&d", "a#b", "a+b", "a;b=c", "a\\b", "\\",
    "*", "'; DROP TABLE warmline.users; --", '" OR 1=1', "NULL", "null", "{{7*7}}", "${jndi:ldap://x}",
    "<script>alert(1)</script>", "wl:list:h:ann", "x" * 128, "ünï", "a\u0301" * 60, "\u00e9", "日本語", "﷽",
    "می\u200cخواهم", "👩\u200d👩\u200d👧\u200d👦" * 11, "😀" * 128, "\u202etxt.exe", "\u200b", "\ufffd",
]  # fmt: skip
TABLES = ("users", "posts", "interactions", "blocks", "tombstones", "erasures", "erased_users", "safety_outbox",
          "post_rows", "phase_changes", "runs", "audit", "feed_counts")  # fmt: skip

HELD = """
SELECT (SELECT count(*) FROM warmline.users WHERE id = %s),
       (SELECT count(*) FROM warmline.posts WHERE id = %s AND deleted_at IS NULL),
       (SELECT count(*) FROM warmline.interactions WHERE user_id = %s AND post_id = %s AND event_id = %s),
       (SELECT count(*) FROM warmline.blocks WHERE user_id = %s OR blocked_user_id = %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A timeline process, and the world that it serves."""

    deployment: Deployment
    port: int

    def ask(self, method: str, target: str, body: Any = None) -> Answer:
        """Send this very target, each character a byte."""
        token = ADMIN_TOKEN if "/admin" in target.lower() else API_KEY
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: timeline\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(head.encode("latin-1") + content)
            response = HTTPResponse(connection)
            response.begin()
            return Answer(status=response.status, headers=dict(response.getheaders()), body=response.read())

    def stored(self) -> list[Any]:
        """All that PostgreSQL holds."""
        each = ", ".join(
            f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM warmline.{table} AS t)" for table in TABLES
        )
        return list(self.deployment.sql(f"SELECT {each}")[0])

    def held_of(self, name: str) -> tuple[int, ...]:
        """How many users, living posts, events and blocks have this very id."""
        (row,) = self.deployment.sql(HELD, [(name,) * 7])
        return row

    def not_refused(self, method: str, targets: Mapping[str, str], body: Any = None) -> dict[str, Any]:
        """Of these targets those that got an answer other than a refusal, and whether anything stored was changed."""
        before = self.stored()
        answers = {name: self.ask(method, target, body) for name, target in targets.items()}
        wrong: dict[str, Any] = {
            name: (targets[name], answer.status)
            for name, answer in answers.items()
            if answer.status not in (400, 404, 405, 422, 431) or "location" in answer.headers
        }
        return wrong if self.stored() == before else wrong | {"stored": "changed"}


@pytest.fixture(scope="module")
def served(shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process for all: what is refused changes nothing, and the others clean up."""
    with timeline_process(shared_deployment, tmp_path_factory.mktemp("timeline")) as (_, port):
        first_answer(port)
        yield Served(deployment=shared_deployment, port=port)


@pytest.mark.parametrize(("method", "path", "body"), [*ROUTES, *WITHOUT_ID])
def test_a_misspelt_path_is_no_path_and_changes_nothing(served: Served, method: str, path: str, body: Any) -> None:
    endings = ENDINGS if (method, path, body) in ROUTES else ENDINGS + ENDINGS_OF_WORDS
    misspelt = {name: change(path) for name, change in CHANGED.items()} | {end: path + end for end in endings}
    assert not served.not_refused(method, misspelt, body)


@pytest.mark.parametrize(("method", "path", "body"), [*WITH_ID, ("POST", "/admin/jobs/{}", None)])
def test_what_is_no_id_is_refused_in_a_path_and_changes_nothing(
    served: Served, method: str, path: str, body: Any
) -> None:
    assert not served.not_refused(method, {name[:20]: path.format(name) for name in NO_IDS}, body)


@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if route[0] != "GET"])
def test_a_question_mark_never_cuts_an_id_that_is_written(served: Served, method: str, path: str, body: Any) -> None:
    queries = ("", "?", "x", "x=1", "limit=5", "/")
    assert not served.not_refused(method, {query: f"{path}?{query}" for query in queries}, body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [each for each in WITHOUT_ID if each[1].startswith("/admin") and each[0] != "GET"],
)
def test_an_operators_write_takes_no_question_mark(served: Served, method: str, path: str, body: Any) -> None:
    assert not served.not_refused(method, {query: f"{path}?{query}" for query in ("", "x=1")}, body)


def test_an_id_with_a_bare_question_mark_behind_it_erases_nobody(served: Served) -> None:
    assert served.ask("PUT", "/users/why").status == 204
    assert served.ask("DELETE", "/users/why?").status == 422
    assert served.held_of("why")[0] == 1


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/users/alice/block/bob"), ("PUT", "/users/alice/blocks/"), ("PUT", "/users/alice/blocks"),
        ("DELETE", "/users/ann/blocks"), ("DELETE", "/users/ann/blocks/"), ("DELETE", "/users/"), ("PUT", "/posts/"),
        ("PUT", "/users//blocks/ann"), ("PUT", "/users/ann/blocks//"), ("DELETE", "/users/ann%2Fblocks/fan0/"),
        ("DELETE", "/users/./ann"), ("DELETE", "/posts/p00/comments/7"), ("GET", "/timeline//ann"),
        ("GET", "/timeline/ann/?limit=5"), ("GET", "//timeline/ann"), ("GET", "/timeline/./ann"),
        ("GET", "http://timeline/timeline/ann/"), ("POST", "/interactions/?x=1"), ("GET", "/timeline/"), ("GET", "/"),
        ("GET", "//"), ("GET", "/docs/"), ("PUT", "/admin/../users/mallory"), ("PUT", "*"), ("DELETE", "users/ann"),
    ],
)  # fmt: skip
def test_a_path_that_nearly_is_one_is_none(served: Served, method: str, target: str) -> None:
    body = {"author_id": "author0"} if method == "PUT" and "posts" in target else None
    assert not served.not_refused(method, {target: target}, body)


@pytest.mark.parametrize("name", GOOD_IDS)
def test_an_id_works_at_every_entrance_and_goes_without_a_trace(served: Served, name: str) -> None:
    place = quote(name, safe="").replace(".", "%2E")
    event = {"user_id": name, "post_id": name, "kind": "like", "event_id": name}
    for method, path, body in (
        ("PUT", f"/users/{place}", None), ("PUT", f"/posts/{place}", {"author_id": "author0"}),
        ("PUT", f"/users/{place}/blocks/author1", None), ("PUT", f"/users/author1/blocks/{place}", None),
    ):  # fmt: skip
        assert served.ask(method, path, body).status == 204
    assert served.ask("POST", "/interactions", [event]).json()["accepted"] == 1
    assert served.held_of(name) == (1, 1, 1, 2)

    page = served.ask("GET", f"/timeline/{place}?limit=3").json()
    by_body = served.ask("POST", "/timeline", {"user_id": name, "limit": 3}).json()
    assert page["user_id"] == by_body["user_id"] == name
    cursor = page["next_cursor"]
    second = served.ask("GET", f"/timeline/{place}?limit=3&cursor={cursor}").json()
    again = served.ask("POST", "/timeline", {"user_id": name, "limit": 3, "cursor": cursor}).json()
    assert [post["id"] for post in second["posts"]] == [post["id"] for post in again["posts"]]

    assert served.ask("DELETE", f"/users/author1/blocks/{place}").status == 204
    assert served.ask("DELETE", "/interactions", [event]).json()["accepted"] == 1
    assert served.ask("DELETE", f"/posts/{place}").status == 204
    assert served.held_of(name) == (1, 0, 0, 1)
    assert served.ask("DELETE", f"/users/{place}").status == 204
    assert served.held_of(name) == (0, 0, 0, 0)
    assert served.ask("PUT", f"/users/{place}").status == 409  # erased it stays, by this very id
