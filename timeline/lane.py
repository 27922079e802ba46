"""The short way to a page: a plain `GET /timeline/{user_id}` is answered before the framework begins with it.

Only what cannot be refused for its form is read here: ids, cursor and limit without anything encoded, no body, a small
head in which no name comes twice. Whatever is else, and whatever is refused (a stranger, a forged cursor), goes the
long way through the routes, as if this were not here; so there is one text of each rule and of each refusal. Both ways
give the same bytes.
"""

import re
import time
from itertools import chain

from starlette.types import Scope, Send

from timeline.body import MEDIA_TYPE, page_body
from timeline.limits import MAX_HEADERS
from timeline.observe import note
from timeline.page import PageRequest
from timeline.schemas import DEFAULT_LIMIT
from timeline.state import State

# Each matches fewer texts than the routes let through: see `schemas.Id`, `CursorText`, `Limit`.
_PATH = re.compile(rb"/timeline/([A-Za-z0-9_-]{1,128})")
_QUERY = re.compile(rb"(?:limit=(100|[1-9][0-9]?))?(?:(?:^|&)cursor=([A-Za-z0-9_-]{1,200}))?")
_CONTENT_TYPE = (b"content-type", MEDIA_TYPE.encode())
_BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding"})


class Lane:
    """Stands before the framework."""

    def __init__(self, state: State, *, writes_lines: bool) -> None:
        self._state, self._writes_lines = state, writes_lines

    async def answered(self, scope: Scope, send: Send) -> bool:
        """Answer a plain page; False when nothing was sent, and the routes are to answer."""
        begun = time.perf_counter()
        plain = plain_request(scope)
        if plain is None:
            return False
        request, authorization = plain
        try:
            self._state.doorkeeper.admit_reader(authorization, request.user_id)
            page = await self._state.timeline.page(request)
        except Exception:
            return False  # refused (a stranger, a forged cursor) or failed: once more, in the routes' words
        body = page_body(page)
        headers = [(b"content-length", b"%d" % len(body)), _CONTENT_TYPE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        note(self._state.metrics, page, 200, time.perf_counter() - begun, writes_lines=self._writes_lines)
        return True


def plain_request(scope: Scope) -> tuple[PageRequest, str] | None:
    """What a plain request asks for, and its `Authorization`; None for any other request."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
        return None
    path, query = _PATH.fullmatch(scope.get("raw_path") or b""), _QUERY.fullmatch(scope["query_string"])
    if path is None or query is None:
        return None
    given: list[tuple[bytes, bytes]] = scope["headers"]
    headers = dict(given)
    size = len(path[0]) + len(query[0]) + sum(map(len, chain.from_iterable(given)))
    if size > MAX_HEADERS or len(headers) < len(given) or not _BODY_HEADERS.isdisjoint(headers):
        return None
    limit, cursor = query.groups()
    request = PageRequest(
        user_id=path[1].decode(),
        limit=int(limit) if limit else DEFAULT_LIMIT,
        cursor=cursor.decode() if cursor else None,
    )
    return request, headers.get(b"authorization", b"").decode("latin-1")
