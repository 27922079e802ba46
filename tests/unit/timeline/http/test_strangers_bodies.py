"""A body of some size is read of somebody whom we know, and of nobody else."""

import asyncio
import json
from collections.abc import Iterable

import pytest
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from timeline.http.auth import Authorizer
from timeline.http.limits import MAX_BODY, STRANGERS_BODY, Limits
from timeline.http.schemas import ChampionChange, PhaseChange, PostPut, RequestBody, TimelineRequest, UserPut
from timeline.settings import TimelineSettings

PIECE = 1000  # bytes


class Asked:
    """One request: what was read of its body, what the app was given, and the answer's status."""

    def __init__(self, body: bytes, *, known: bool, declared: bool) -> None:
        self.pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)] or [b""]
        self.read = 0
        self.status = 0
        self.given: bytes | None = None
        headers = [(b"content-length", b"%d" % len(body))] if declared else []
        scope = {"type": "http", "method": "POST", "raw_path": b"/timeline", "query_string": b"", "headers": headers}
        asyncio.run(Limits(self._app, is_known=lambda _: known)(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        self.read += 1
        return {"type": "http.request", "body": self.pieces[self.read - 1], "more_body": self.read < len(self.pieces)}

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)

    async def _app(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        self.given = (await receive())["body"]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_small_body_is_read_of_everybody(known: bool, declared: bool) -> None:
    body = b"x" * STRANGERS_BODY
    assert Asked(body, known=known, declared=declared).given == body


def test_of_a_larger_one_that_says_so_a_stranger_has_nothing_read() -> None:
    asked = Asked(b"x" * (STRANGERS_BODY + 1), known=False, declared=True)
    assert (asked.status, asked.given, asked.read) == (401, None, 0)


def test_of_an_endless_one_no_more_than_a_small_ones_bytes_are() -> None:
    asked = Asked(b"x" * 50 * PIECE, known=False, declared=False)
    assert (asked.status, asked.given, asked.read) == (401, None, STRANGERS_BODY // PIECE + 1)


@pytest.mark.parametrize("declared", [True, False])
def test_whom_we_know_has_it_read_up_to_the_bound_for_all(declared: bool) -> None:
    assert Asked(b"x" * MAX_BODY, known=True, declared=declared).given == b"x" * MAX_BODY
    beyond = Asked(b"x" * (MAX_BODY + 1), known=True, declared=declared)
    assert (beyond.status, beyond.given) == (413, None)


def doorkeeper(env: str = "production") -> Authorizer:
    secrets = {"admin_token": "admin-token-of-the-tests", "api_key": "api-key-of-the-tests", "jwt_key": "j" * 40}
    return Authorizer(TimelineSettings.model_validate({"env": env, **secrets}))


@pytest.mark.parametrize(
    "header", ["", "Bearer ", "Bearer nonsense", "Basic api-key-of-the-tests", "Bearer " + "x" * 5000, "Bearer a.b.c"]
)
def test_a_stranger_is_not_known(header: str) -> None:
    assert not doorkeeper().knows(header)


@pytest.mark.parametrize("token", ["admin-token-of-the-tests", "api-key-of-the-tests"])
def test_operator_and_backend_are(token: str) -> None:
    assert doorkeeper().knows(f"Bearer {token}")


def test_where_reads_are_open_everybody_is() -> None:
    assert doorkeeper("dev").knows("")


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
