"""Answers of the routes that phones and browsers of an app may call: compressed, and readable by the app's own sites.

`/admin` and the writes of the backend are none of them, whatever is set. A preflight names only methods that a phone
may use at its path, and is answered without a token, as browsers send it.
"""

from collections.abc import Sequence
from re import Pattern

from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.http.callers import USER, WRITES_OF_USERS, callers_of
from timeline.http.compression import LEAST_BYTES, compress, takes_gzip
from timeline.http.exact_paths import is_of_server, path_of
from timeline.http.problems import Problem

SENT_HEADERS = ("Authorization", "Content-Type")  # that a browser asks for
SHOWN_HEADERS = ("Retry-After",)  # that a script may read, besides those that any may
PREFLIGHT_SECONDS = 600  # that a browser remembers an answer
_JSON = (b"application/json", b"application/problem+json")


class PhoneAnswers:
    """Middleware outside of all that answers, so that errors can be read, too."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute], origins: Sequence[str], users_write: bool) -> None:
        """
        Args:
            app: answers.
            routes: all routes of the app.
            origins: of the app's own sites; none: no site's scripts may read an answer.
            users_write: a user's JWT may write.
        """
        self._app, self._origins = app, frozenset(origins)
        self._paths: list[tuple[Pattern[str], set[str], CORSMiddleware]] = []
        for pattern, methods in _methods(routes, users_write=users_write).items():
            shared = CORSMiddleware(
                self._compressed, allow_origins=origins, allow_methods=sorted(methods), allow_headers=SENT_HEADERS,
                expose_headers=SHOWN_HEADERS, max_age=PREFLIGHT_SECONDS,
            )  # fmt: skip
            self._paths.append((pattern, methods, shared))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, or answer a preflight."""
        found = self._path_of(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        methods, shared = found
        if self._is_shared(Headers(scope=scope), scope["method"], methods):
            await shared(scope, receive, send)
        else:
            await self._compressed(scope, receive, self._varied(send) if self._origins else send)

    def _path_of(self, scope: Scope) -> tuple[set[str], CORSMiddleware] | None:
        if is_of_server(scope):
            return None
        try:
            path = path_of(scope.get("raw_path") or scope["path"].encode())
        except Problem:
            return None
        return next(((methods, shared) for pattern, methods, shared in self._paths if pattern.match(path)), None)

    def _is_shared(self, headers: Headers, method: str, methods: set[str]) -> bool:
        """Whether a site's script may read the answer; a preflight that asks for more is answered as ever."""
        if headers.get("origin") not in self._origins:
            return False
        wanted = headers.get("access-control-request-method")
        if method != "OPTIONS" or wanted is None:
            return True
        asked = {name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")} - {""}
        allowed = {name.lower() for name in SENT_HEADERS}
        return wanted in methods and asked <= allowed and "access-control-request-private-network" not in headers

    @staticmethod
    def _varied(send: Send) -> Send:
        """Says that another origin might get other headers."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Origin")
            await send(message)

        return sent

    async def _compressed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer; compress an answer that is JSON, whole and large enough."""
        is_wanted = takes_gzip(Headers(scope=scope).get("accept-encoding", "").encode("latin-1"))
        start: Message | None = None

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                begun, start = start, None
                message = _pack(begun, message, is_wanted=is_wanted, is_head=scope["method"] == "HEAD")
                await send(begun)
            await send(message)

        await self._app(scope, receive, sent)


def _pack(start: Message, message: Message, *, is_wanted: bool, is_head: bool) -> Message:
    """The first part of a body, compressed if that is wanted; `start` is changed accordingly."""
    headers = MutableHeaders(scope=start)
    if headers.get("content-type", "").encode("latin-1") not in _JSON:
        return message
    headers.add_vary_header("Accept-Encoding")
    body = message.get("body", b"")
    if is_wanted and is_head and "content-length" in headers:
        del headers["content-length"]  # nobody knows that of a GET
    if not is_wanted or message.get("more_body", False) or len(body) < LEAST_BYTES:
        return message
    packed = compress(body)
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(packed))
    return {**message, "body": packed}


def _methods(routes: Sequence[BaseRoute], *, users_write: bool) -> dict[Pattern[str], set[str]]:
    """The methods that phones may use, by the pattern of the path."""
    found: dict[Pattern[str], set[str]] = {}
    for route in routes:
        if not isinstance(route, APIRoute) or USER not in callers_of([str(tag) for tag in route.tags]):
            continue
        if users_write or WRITES_OF_USERS.isdisjoint(route.tags):
            found.setdefault(route.path_regex, set()).update(route.methods or ())
    return found
