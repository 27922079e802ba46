"""Passes the page's calls on to the timeline, as a reverse proxy does: a few routes, and each user's own data alone.

On your own domain nginx does this (docs/guides/behind-nginx.md), or the page calls the timeline directly.
"""

import json
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.feed.sessions import user_of
from demo.feed.settings import FeedSettings

PREFIX = "/api"
MOST_BYTES = 64_000  # of a body
# What the page calls: methods by path, whose `{user}` must be the session's.
ROUTES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("timeline", "{user}"): ("GET",),
    ("posts", "{id}", "similar"): ("GET",),
    ("interactions",): ("POST", "DELETE"),
    ("users", "{user}", "preferences"): ("GET", "POST"),
    ("users", "{user}", "preferences", "{id}"): ("DELETE",),
}
PASSED_BACK = ("content-type", "retry-after", "cache-control", "www-authenticate")
WRITES = ("POST", "DELETE")


class Gateway:
    """The way from the page to the timeline."""

    def __init__(self, settings: FeedSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def pass_on(self, request: Request) -> Response:
        """The timeline's answer to one of `ROUTES`, or a problem of our own."""
        # As it was sent: an id may hold a slash, written %2F.
        path = request.scope["raw_path"].decode("ascii").removeprefix(PREFIX)
        authorization = request.headers.get("authorization", "")
        user_id = user_of(self._settings, authorization)
        if user_id is None:
            return problem(401, "session-ended", "no session, or it has ended; open one: POST /demo/session")
        route = _route_of(request.method, path)
        if route is None:
            return problem(404, "not-found", f"the example passes no {request.method} {path} on")
        body = await request.body() if request.method in WRITES else b""
        if len(body) > MOST_BYTES:
            return problem(413, "too-large", f"the body is larger than {MOST_BYTES:,} bytes")
        if not _is_own(route, path, body, user_id):
            return problem(403, "another-user", "this session may act for its own user alone")
        return await self._answer(request, path, body, authorization)

    async def _answer(self, request: Request, path: str, body: bytes, authorization: str) -> Response:
        token = f"Bearer {self._settings.api_key}"
        is_write = request.method in WRITES or "/preferences" in path
        headers = {"authorization": token if is_write and self._settings.api_key else authorization}
        if body:
            headers["content-type"] = request.headers.get("content-type", "")
        query = request.scope["query_string"].decode("ascii")
        try:
            answer = await self._client.request(
                request.method, f"{path}?{query}" if query else path, content=body, headers=headers
            )
        except httpx.HTTPError:
            return problem(502, "timeline-away", "the timeline does not answer; try again")
        kept = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, kept)


def problem(status: int, kind: str, detail: str) -> JSONResponse:
    """A problem (RFC 9457), as the timeline answers."""
    body = {"type": kind, "title": kind.replace("-", " "), "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def _route_of(method: str, path: str) -> tuple[str, ...] | None:
    parts = path.split("/")[1:]
    for route, methods in ROUTES.items():
        if method in methods and len(route) == len(parts):
            pairs = zip(route, parts, strict=True)
            if all(part and (name.startswith("{") or name == part) for name, part in pairs):
                return route
    return None


def _is_own(route: tuple[str, ...], path: str, body: bytes, user_id: str) -> bool:
    """Whether path and body name this user alone."""
    parts = path.split("/")[1:]
    if any(name == "{user}" and unquote(part) != user_id for name, part in zip(route, parts, strict=True)):
        return False
    return route != ("interactions",) or _users_of(body) == {user_id}


def _users_of(body: bytes) -> set[Any]:
    try:
        return {event["user_id"] for event in json.loads(body)}
    except (ValueError, TypeError, KeyError):
        return set()
