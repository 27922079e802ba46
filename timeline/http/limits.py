"""What is refused before anything of it is parsed: headers and bodies that are too large, and JSON that is too deep.

A body of some size is read only of somebody whom we know: a megabyte of JSON keeps the whole process busy for up to a
second. What they may do is the routes' question.
"""

import re
from collections.abc import Callable
from functools import cache, partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.http.problems import problem_response

MAX_BODY = 1_000_000  # bytes; a batch of 1,000 events has some 200,000
STRANGERS_BODY = 4_096  # bytes that are read of anybody: what refuses them may say what is wrong with a small body, too
MAX_HEADERS = 16_384  # bytes, the path and the query among them; a JWT has up to 4,096
MAX_DEPTH = 16  # arrays and objects in one another; our own bodies have two
# A text without an end is one too: if the pattern could fail, it would be tried anew at every quote, for minutes.
_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_CLOSE = {"Connection": "close"}
_SEND_A_TOKEN = problem_response(
    401,
    "unauthorized",
    f"send a token as `Authorization: Bearer …`; without a good one at most {STRANGERS_BODY} bytes of a body are read",
    {"WWW-Authenticate": "Bearer", **_CLOSE},
)


class Limits:
    """Reads a request's body whole, within bounds, and hands it on."""

    def __init__(self, app: ASGIApp, *, is_known: Callable[[Scope], bool]) -> None:
        """
        Args:
            app: what stands behind.
            is_known: whether a request comes from somebody who may send large bodies; asked only where one does.
        """
        self._app, self._is_known = app, is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or let the app answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if head_bytes(scope) > MAX_HEADERS:
            detail = f"path and headers: expected at most {MAX_HEADERS} bytes"
            await problem_response(431, "headers-too-large", detail)(scope, receive, send)
            return
        size, is_known = _length(scope) or 0, cache(partial(self._is_known, scope))
        if STRANGERS_BODY < size <= MAX_BODY and not is_known():
            await _SEND_A_TOKEN(scope, receive, send)
            return
        body = b"" if size > MAX_BODY else await _body(receive, is_known)
        if body is None:
            return  # nobody is there any more
        if max(size, len(body)) > MAX_BODY:
            detail = f"body: expected at most {MAX_BODY} bytes; send less at once"
            await problem_response(413, "body-too-large", detail, _CLOSE)(scope, receive, send)
            return
        if len(body) > STRANGERS_BODY and not is_known():
            await _SEND_A_TOKEN(scope, receive, send)
            return
        if is_too_deep(body):
            detail = f"body: expected at most {MAX_DEPTH} arrays and objects in one another"
            await problem_response(400, "body-too-deep", detail)(scope, receive, send)
            return
        await self._app(scope, _handing_on(body, receive), send)


def is_too_deep(body: bytes) -> bool:
    """Whether brackets outside of texts nest deeper than any body of ours."""
    depth = 0
    for bracket in _TEXTS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
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


async def _body(receive: Receive, is_known: Callable[[], bool]) -> bytes | None:
    """The body, cut off one piece beyond the bound; None when the client has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        is_over = size > MAX_BODY or (size > STRANGERS_BODY and not is_known())
        if is_over or not message.get("more_body", False):
            return b"".join(parts)


def _handing_on(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once, then what else comes."""
    waiting = [body]

    async def hand_on() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return hand_on
