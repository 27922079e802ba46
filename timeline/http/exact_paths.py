"""Decodes the path exactly as it was sent, so that it never means another path.

Servers decode a path before it is routed. After that, a slash inside an id (sent as %2F) looks like a slash between two
segments: the id `a/blocks/b` would mean a block of `a`. They also replace bytes that are not UTF-8, so that two ids
become one. Here each segment is decoded separately and strictly, and an encoded slash is passed to the routes as a
control character, which no id may contain.
"""

import re
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.domain import CONTROL_CHARACTERS
from timeline.http.problems import NO_ROUTE, Problem, problem_response

STAND_IN = "\x1f"
QUESTION_MARK = "warmline.question_mark"  # in a scope: ASGI shows no difference between an empty query and none
_NO_SEGMENTS = frozenset({b"", b".", b".."})
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# Searched for: a pattern with `$` or `.` treats line breaks specially.
_CONTROL_CHARACTER = re.compile(f"[{CONTROL_CHARACTERS}]")


class ExactPaths:
    """Passes on a request with its exact path, or answers that there is no such path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, for the path with stand-ins."""
        if scope["type"] == "http" and not is_of_server(scope):
            try:
                scope["path"] = path_of(scope.get("raw_path") or quote(scope["path"]).encode())
            except Problem as problem:
                await problem_response(problem.status, problem.slug, problem.detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_of_server(scope: Scope) -> bool:
    """Whether a request is `OPTIONS *`, which concerns no path (RFC 9110, 9.3.7)."""
    return bool(scope.get("method") == "OPTIONS" and (scope.get("raw_path") or scope["path"].encode()) == b"*")


def path_of(sent: bytes) -> str:
    """A path for the routes, with stand-ins for encoded slashes.

    Raises:
        Problem: a segment is empty, is a dot segment, or cannot be decoded.
    """
    first, *segments = sent.split(b"/")
    if first or not segments or not _NO_SEGMENTS.isdisjoint(segments):
        raise Problem(404, "not-found", NO_ROUTE)
    return "/" + "/".join([_text_of(segment) for segment in segments])


def without_query(request: Request) -> None:
    """Refuse a query in writes: with an unescaped question mark in an id, another id would be written.

    Raises:
        Problem: a write has a question mark; reads may have one.
    """
    if request.method != "GET" and (request.url.query or request.scope.get(QUESTION_MARK)):
        raise Problem(422, "invalid-request", "this route takes no query; a question mark in an id is %3F")


def with_slashes(text: str) -> str:
    """A path segment with its slashes back."""
    return text.replace(STAND_IN, "/")


def _text_of(segment: bytes) -> str:
    if _BROKEN_ESCAPE.search(segment):
        raise Problem(422, "invalid-request", "path: expected two hexadecimal digits after each %; itself it is %25")
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise Problem(422, "invalid-request", "path: expected UTF-8") from None
    if _CONTROL_CHARACTER.search(text):
        raise Problem(422, "invalid-request", "path: expected ids without control characters")
    return text.replace("/", STAND_IN)
