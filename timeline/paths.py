"""Tells a slash that belongs to an id (sent as %2F) from one that parts a path.

Servers decode a path before it is routed. An id `a/blocks/b` would then be taken for a block of `a`, and a block of the
user `a/b` for a user. So an encoded slash travels to the routes as a control character, which no id may have.
"""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from timeline.problems import problem_response

STAND_IN = "\x1f"
_STAND_IN_SENT = re.compile(rb"%1f|\x1f", re.IGNORECASE)
_SLASH_SENT = re.compile(rb"%2f", re.IGNORECASE)


class EncodedSlashes:
    """Puts a stand-in for each encoded slash; `with_slashes` puts the slash back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, by the path with stand-ins."""
        sent = scope.get("raw_path") or b""
        if scope["type"] == "http" and _STAND_IN_SENT.search(sent):
            detail = "path: expected ids without control characters"
            await problem_response(422, "invalid-request", detail)(scope, receive, send)
            return
        if scope["type"] == "http" and _SLASH_SENT.search(sent):
            path = unquote(_SLASH_SENT.sub(b"%1F", sent.partition(b"?")[0]).decode("latin-1"))
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def with_slashes(text: str) -> str:
    """A part of a path as the client meant it."""
    return text.replace(STAND_IN, "/")
