"""Reads a path as it was sent: exactly, so that it never means another one.

Servers decode a path before it is routed, and then nobody can tell a slash that belongs to an id (sent as %2F) from
one that parts a path: an id `a/blocks/b` would be taken for a block of `a`. They also replace bytes that are no UTF-8,
so that two ids become one. Here each segment is decoded for itself and strictly, and an encoded slash travels to the
routes as a control character, which no id may have.
"""

import re
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.domain import CONTROL_CHARACTERS
from timeline.http.problems import NO_ROUTE, Problem, problem_response

STAND_IN = "\x1f"
QUESTION_MARK = "warmline.question_mark"  # in a scope: the target has one; of an empty query ASGI does not tell
_NO_SEGMENTS = frozenset({b"", b".", b".."})
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL_CHARACTER = re.compile(f"[{CONTROL_CHARACTERS}]")  # a pattern's `$` lets a line break pass, `.` stops at one


class ExactPaths:
    """Hands on a request by its path as it was sent, or answers that there is no such path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, by the path with stand-ins."""
        if scope["type"] == "http":
            try:
                scope["path"] = path_of(scope.get("raw_path") or quote(scope["path"]).encode())
            except Problem as problem:
                await problem_response(problem.status, problem.slug, problem.detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def path_of(sent: bytes) -> str:
    """A path for the routes, with stand-ins for encoded slashes.

    Raises:
        Problem: it has an empty segment, as by a slash too many, or a dot segment; or one that is no text.
    """
    first, *segments = sent.split(b"/")
    if first or not segments or not _NO_SEGMENTS.isdisjoint(segments):
        raise Problem(404, "not-found", NO_ROUTE)
    return "/" + "/".join([_text_of(segment) for segment in segments])


def without_query(request: Request) -> None:
    """Refuse what stands behind a question mark: it would be cut off from an id, and another one written.

    Raises:
        Problem: a write was sent with a question mark; a read may have one.
    """
    if request.method != "GET" and (request.url.query or request.scope.get(QUESTION_MARK)):
        raise Problem(422, "invalid-request", "this route takes no query; a question mark in an id is %3F")


def with_slashes(text: str) -> str:
    """A part of a path as the client meant it."""
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
