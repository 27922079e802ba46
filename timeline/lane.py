"""The short way to a page: a plain `GET /timeline/{user_id}` is read from its bytes, before the framework sees it.

Only what cannot be refused for its form is read here: one whole request, ids, cursor and limit without anything
encoded, no body, a small head that says nothing twice. Whatever is else, and whatever is refused (a stranger, a
forged cursor), goes the long way through the routes, as if this were not here; so there is one text of each rule and
of each refusal. Both ways give the same bytes. Which connection asks: `timeline.connection`.
"""

import re
import time

from msgspec import Struct

from timeline.body import page_body
from timeline.limits import MAX_HEADERS
from timeline.observe import note
from timeline.page import PageRequest
from timeline.schemas import DEFAULT_LIMIT
from timeline.state import State

# Matches fewer texts than the routes let through (see `schemas.Id`, `CursorText`, `Limit`), and fewer than HTTP has.
_REQUEST = re.compile(
    rb"GET /timeline/([A-Za-z0-9_-]{1,128})"
    rb"(?:\?(?:limit=(100|[1-9][0-9]?))?(?:(?:(?<=\?)|&)cursor=([A-Za-z0-9_-]{1,200}))?)?"
    rb" HTTP/1\.([01])\r\n((?:[A-Za-z0-9-]+:[\t -~]*\r\n)*)\r\n"
)
# What a head says about the request or its sender; all else concerns nobody here.
_TELLING = re.compile(
    rb"(?im)^(authorization|connection|content-length|transfer-encoding|expect|upgrade):[\t ]*([^\r]*)"
)
# A body, another protocol, or an answer before the answer: the HTTP server's business.
_NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_KEEP_ALIVE, _CLOSE = b"keep-alive", b"close"


class PlainRequest(Struct, kw_only=True, gc=False):
    """What a plain request says."""

    wanted: PageRequest
    authorization: str
    is_last: bool  # the client closes the connection after it


class Lane:
    """Answers plain requests."""

    def __init__(self, state: State, *, writes_lines: bool) -> None:
        self._state, self._writes_lines = state, writes_lines

    async def answer(self, request: PlainRequest) -> bytes | None:
        """A page's JSON; None when the routes are to answer."""
        begun = time.perf_counter()
        try:
            self._state.doorkeeper.admit_reader(request.authorization, request.wanted.user_id)
            page = await self._state.timeline.page(request.wanted)
        except Exception:
            return None  # refused (a stranger, a forged cursor) or failed: once more, in the routes' words
        body = page_body(page)
        note(self._state.metrics, page, 200, time.perf_counter() - begun, writes_lines=self._writes_lines)
        return body


def plain_request(data: bytes) -> PlainRequest | None:
    """A plain request out of its bytes; None for any other bytes."""
    found = _REQUEST.fullmatch(data)
    if found is None or len(data) > MAX_HEADERS:
        return None
    user_id, limit, cursor, version, head = found.groups()
    telling = _TELLING.findall(head)
    headers = {name.lower(): value.rstrip() for name, value in telling}
    connection = headers.get(b"connection", _KEEP_ALIVE).lower()
    if len(headers) < len(telling) or not _NOT_PLAIN.isdisjoint(headers) or connection not in (_KEEP_ALIVE, _CLOSE):
        return None
    wanted = PageRequest(
        user_id=user_id.decode(),
        limit=int(limit) if limit else DEFAULT_LIMIT,
        cursor=cursor.decode() if cursor else None,
    )
    return PlainRequest(
        wanted=wanted,
        authorization=headers.get(b"authorization", b"").decode(),
        is_last=version == b"0" or connection == _CLOSE,
    )
