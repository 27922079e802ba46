"""A body is read only for a route that takes one, from an authorized client, up to a limit, and few at once."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from timeline.http import limits
from timeline.http.auth import Authorizer
from timeline.http.limits import BODY_BYTES, MAX_BODY, OTHER_BODY, Limits
from timeline.http.schemas import ChampionChange, PhaseChange, PostPut, RequestBody, TimelineRequest, UserPut
from timeline.settings import TimelineSettings

PIECE = 1000  # bytes
ADMIN_TOKEN, API_KEY = "admin-token-of-the-tests", "api-key-of-the-tests"
BACKEND, OPERATOR = f"Bearer {API_KEY}", f"Bearer {ADMIN_TOKEN}"
STRANGERS = ["", "Bearer ", "Bearer nonsense", f"Basic {API_KEY}", "Bearer " + "x" * 5000, "Bearer a.b.c"]
router = APIRouter()


@router.post("/interactions")
@router.post("/timeline")
@router.put("/admin/phase")
@router.put("/users/{user_id}")
async def _with_body(body: dict[str, Any]) -> None: ...


@router.get("/timeline/{user_id}")
@router.delete("/users/{user_id}")
async def _without_body() -> None: ...


def authorizer(env: str = "production") -> Authorizer:
    secrets = {"admin_token": ADMIN_TOKEN, "api_key": API_KEY, "jwt_key": "j" * 40}
    return Authorizer(TimelineSettings.model_validate({"env": env, **secrets}))


class Asked:
    """One request: how much of its body was read, what the app received, and the answer's status."""

    def __init__(
        self, body: bytes, *, route: str = "POST /interactions", token: str = BACKEND, declared: bool = True,
        env: str = "production",
    ) -> None:  # fmt: skip
        self.pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)] or [b""]
        self.read, self.status = 0, 0
        self.given: bytes | None = None
        method, path = route.split()
        headers = [(b"authorization", token.encode())]
        headers += [(b"content-length", b"%d" % len(body))] if declared else []
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        app = Limits(self._app, routes=router.routes, authorizer=lambda _: authorizer(env), room=limits.BodyRoom())
        asyncio.run(app(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        self.read += 1
        return {"type": "http.request", "body": self.pieces[self.read - 1], "more_body": self.read < len(self.pieces)}

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)

    async def _app(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        self.given = (await receive())["body"]


@pytest.mark.parametrize("token", STRANGERS)
@pytest.mark.parametrize("route", ["POST /interactions", "POST /timeline", "PUT /admin/phase", "PUT /users/ann"])
def test_of_a_stranger_nothing_is_read(route: str, token: str) -> None:
    for body in (b"{}", b"x" * 2 * MAX_BODY):
        asked = Asked(body, route=route, token=token)
        assert (asked.status, asked.given, asked.read) == (401, None, 0)


@pytest.mark.parametrize(
    ("route", "token"),
    [("POST /interactions", OPERATOR), ("PUT /users/ann", OPERATOR), ("PUT /admin/phase", BACKEND)],
)
def test_of_whom_another_route_serves_nothing_is_read_either(route: str, token: str) -> None:
    asked = Asked(b"{}", route=route, token=token)
    assert (asked.status, asked.given, asked.read) == (401, None, 0)


@pytest.mark.parametrize("route", ["POST /nowhere", "PATCH /interactions", "GET /timeline/ann", "DELETE /users/ann"])
def test_where_no_route_takes_a_body_none_is_read(route: str) -> None:
    asked = Asked(b"x" * 2 * MAX_BODY, route=route, token="")
    assert (asked.status, asked.given, asked.read) == (0, b"", 0)  # the app answers


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("route", "token", "most"),
    [
        ("POST /interactions", BACKEND, MAX_BODY),
        ("POST /timeline", BACKEND, BODY_BYTES["/timeline"]),
        ("PUT /admin/phase", OPERATOR, OTHER_BODY),
        ("PUT /users/ann", BACKEND, OTHER_BODY),
    ],
)
def test_each_route_has_its_own_limit(route: str, token: str, most: int, declared: bool) -> None:
    assert Asked(b"x" * most, route=route, token=token, declared=declared).given == b"x" * most
    beyond = Asked(b"x" * (most + 1), route=route, token=token, declared=declared)
    assert (beyond.status, beyond.given) == (413, None)
    assert beyond.read == (0 if declared else most // PIECE + 1)


def test_where_reads_are_open_everybody_may_ask_by_a_body() -> None:
    assert Asked(b"{}", route="POST /timeline", token="", env="dev").given == b"{}"


def test_all_bodies_together_have_a_bound_and_what_is_done_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALL_BODIES", 10 * PIECE)
    refused, given = list[int](), list[bytes]()

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        given.append((await receive())["body"])

    guard = Limits(app, routes=router.routes, authorizer=lambda _: authorizer(), room=limits.BodyRoom())
    headers = [(b"authorization", BACKEND.encode())]
    scope = {"type": "http", "method": "POST", "path": "/interactions", "query_string": b"", "headers": headers}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            refused.append(message["status"])

    async def ask(size: int, rest: asyncio.Event) -> None:
        messages = [{"body": b"x" * size, "more_body": True}, {"body": b"", "more_body": False}]

        async def receive() -> Message:
            if len(messages) == 1:
                await rest.wait()
            return {"type": "http.request", **messages.pop(0)}

        await guard(scope, receive, send)

    async def scenario() -> None:
        rest = asyncio.Event()
        unfinished = [asyncio.create_task(ask(PIECE, rest)) for _ in range(400)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert refused == [503] * 390
        rest.set()
        await asyncio.gather(*unfinished)
        assert len(given) == 10
        await asyncio.gather(*(ask(PIECE, rest) for _ in range(10)))
        assert len(given) == 20

    asyncio.run(scenario())


@pytest.mark.parametrize("body", [TimelineRequest, UserPut, PostPut, PhaseChange, ChampionChange])
def test_thousands_of_unknown_fields_are_one_error(body: type[RequestBody]) -> None:
    with pytest.raises(ValidationError) as refused:
        body.model_validate(json.loads("{" + ",".join(f'"k{n}":1' for n in range(60_000)) + "}"))
    assert refused.value.error_count() == 1
    assert "got 60000" in str(refused.value)


@pytest.mark.parametrize("names", [("usr_id",), ("usr_id", "limt")])
def test_a_few_are_named(names: Iterable[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        TimelineRequest.model_validate({"user_id": "ann", **dict.fromkeys(names, 1)})
    assert [error["loc"] for error in refused.value.errors()] == [(name,) for name in names]
