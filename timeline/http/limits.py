"""Checks before a request's body is read: a route that takes one, an authorized sender, and the route's limit.

Requests that are refused here, or need no body, are answered without reading one. All bodies together are bounded, too.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.http.callers import WRITES_OF_USERS
from timeline.http.json_bodies import fault_of
from timeline.http.problems import Problem, problem_response

if TYPE_CHECKING:
    from timeline.http.auth import Authorizer

MAX_BODY = 1_000_000  # bytes; a batch of 1,000 events has some 200,000
# Bytes of the routes' bodies: what their fields allow, with room for escapes.
BODY_BYTES = {
    "/interactions": MAX_BODY,
    "/timeline": 300_000,
    "/recommendations": 750_000,
    "/posts/{post_id}": 200_000,
    "/users/{user_id}/preferences": 16_384,
}
OTHER_BODY = 4_096
MAX_OWN_BODY = 131_072  # bytes of what a user's own JWT sends; a hundred events have some 25,000
ALL_BODIES = 16_000_000  # bytes of all bodies that are read or worked on at once
MAX_HEADERS = 16_384  # bytes, the path and the query among them; a JWT has up to 4,096
MAX_PARAMETERS = 16  # of a query; reads have up to two, and parsing thousands would cost as much as ten pages
_CLOSE = {"Connection": "close"}


class BodyRoom:
    """What all bodies that are read or worked on at once may hold, in bytes."""

    def __init__(self) -> None:
        self._free = ALL_BODIES

    def take(self, count: int) -> bool:
        """Reserve room for this many bytes; False if there is none."""
        if count > self._free:
            return False
        self._free -= count
        return True

    def give_back(self, count: int) -> None:
        """Free it again."""
        self._free += count


class Limits:
    """Reads a request's body whole, within bounds, and passes it on."""

    def __init__(
        self, app: ASGIApp, *, routes: Sequence[BaseRoute], authorizer: Callable[[Scope], "Authorizer"], room: BodyRoom
    ) -> None:
        """
        Args:
            app: answers what passes.
            routes: all routes of the app.
            authorizer: decides who may send a body.
            room: for bodies, shared with the fast path.
        """
        self._app, self._routes, self._authorizer, self._room = app, routes, authorizer, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or let the app answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if head_bytes(scope) > MAX_HEADERS:
            detail = f"path and headers: expected at most {MAX_HEADERS} bytes"
            await problem_response(431, "headers-too-large", detail)(scope, receive, send)
            return
        if scope["query_string"].count(b"&") >= MAX_PARAMETERS:
            detail = f"query: expected at most {MAX_PARAMETERS} parameters"
            await problem_response(422, "invalid-request", detail)(scope, receive, send)
            return
        route = self._route_with_body(scope)
        if route is None:
            await self._app(scope, _receive_with(b"", receive), send)
            return
        body = _Body(route.path, receive, self._room)
        try:
            if admit(route, Request(scope), self._authorizer(scope)):
                body.bound(MAX_OWN_BODY)
            value = await body.read(_length(scope))
        except Problem as problem:
            answer = problem_response(
                problem.status, problem.slug, problem.detail, {**(problem.headers or {}), **_CLOSE}
            )
            await answer(scope, receive, send)
        else:
            if value is not None:
                await self._app(scope, _receive_with(value, receive), send)
        finally:
            self._room.give_back(body.taken)

    def _route_with_body(self, scope: Scope) -> APIRoute | None:
        for route in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                return route if isinstance(route, APIRoute) and route.body_field is not None else None
        return None


class _Body:
    """One body while it is read."""

    def __init__(self, path: str, receive: Receive, room: BodyRoom) -> None:
        self._max_bytes = BODY_BYTES.get(path, OTHER_BODY)
        self._receive, self._room, self.taken = receive, room, 0

    def bound(self, most: int) -> None:
        """Take at most so many bytes."""
        self._max_bytes = min(self._max_bytes, most)

    async def read(self, length: int | None) -> bytes | None:
        """The whole body; None if the client has gone.

        Raises:
            Problem: it is too large, or certainly no JSON for us, or too many bodies are read at once.
        """
        self._require_small(length or 0)
        parts = list[bytes]()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            self._require_small(self.taken + len(part))
            if not self._room.take(len(part)):
                detail = "too many large requests at once; send this one again"
                raise Problem(503, "busy", detail, {"Retry-After": "1"})
            self.taken += len(part)
            parts.append(part)
            if not message.get("more_body", False):
                break
        body = b"".join(parts)
        if fault := fault_of(body):
            raise Problem(*fault)
        return body

    def _require_small(self, size: int) -> None:
        if size > self._max_bytes:
            detail = f"body: expected at most {self._max_bytes} bytes; send less at once"
            raise Problem(413, "body-too-large", detail)


def admit(route: APIRoute, request: Request, authorizer: "Authorizer") -> bool:
    """Check the sender's authorization for a route, as far as possible without the body.

    Returns whether it is a user who writes with a JWT.

    Raises:
        Problem: the sender is not authorized.
    """
    if route.path.startswith("/admin/"):
        authorizer.admit_operator(request)
    elif route.path == "/timeline":
        authorizer.admit_some_reader(request)
    elif not WRITES_OF_USERS.isdisjoint(route.tags):
        return authorizer.admit_writer(request) is not None
    else:
        authorizer.admit_backend(request)
    return False


def head_bytes(scope: Scope) -> int:
    """The size of a request's path, query and headers."""
    target = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


def _length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _receive_with(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the body once, then all later messages."""
    waiting = [body]

    async def receive_body() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_body
