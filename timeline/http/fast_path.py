"""The fast path to a page: a plain `GET /timeline/{user_id}` is answered before the framework sees it.

It takes only requests whose form is certainly valid: id, cursor and limit without encoded characters, no body. Others,
and those that are refused (a wrong token, a forged cursor), go through the routes; so each rule and each refusal is
written once. Both ways give the same bytes.
"""

import re
import time
from typing import TYPE_CHECKING

from timeline.feed.records import PageRequest
from timeline.http.page_json import MEDIA_TYPE, page_body
from timeline.http.request import Request
from timeline.http.request_log import note
from timeline.http.schemas import DEFAULT_LIMIT
from timeline.http.security_headers import LINES

if TYPE_CHECKING:
    from timeline.state import State

# Stricter than what the routes accept (see `schemas.Id`, `CursorText`, `Limit`).
_PATH = re.compile(rb"/timeline/([A-Za-z0-9_-]{1,128})")
_QUERY = re.compile(rb"(?:limit=(100|[1-9][0-9]?))?(?:(?:^|&)cursor=([A-Za-z0-9_-]{1,200}))?")
_HEAD = b"content-length: %d\r\ncontent-type: " + MEDIA_TYPE.encode() + b"\r\n" + LINES


class FastPath:
    """Answers plain requests for pages."""

    def __init__(self, state: "State", *, writes_lines: bool) -> None:
        self._state, self._writes_lines = state, writes_lines

    async def answer(self, wanted: PageRequest, authorization: bytes) -> tuple[bytes, bytes] | None:
        """The header lines and the JSON of a page; None if the routes must answer."""
        begun = time.perf_counter()
        try:
            self._state.authorizer.admit_reader(authorization.decode("latin-1"), wanted.user_id)
            page = await self._state.feed.page(wanted)
        except Exception:
            return None  # refused or failed: the routes answer instead
        body = page_body(page)
        note(self._state.metrics, page, 200, time.perf_counter() - begun, writes_lines=self._writes_lines)
        return _HEAD % len(body), body


def plain_page(request: Request) -> PageRequest | None:
    """The page request of a plain HTTP request; None for any other."""
    path, query = _PATH.fullmatch(request.path), _QUERY.fullmatch(request.query or b"")
    if path is None or query is None or request.method != b"GET" or request.body_bytes != 0:
        return None
    limit, cursor = query.groups()
    return PageRequest(
        user_id=path[1].decode(), limit=int(limit) if limit else DEFAULT_LIMIT,
        cursor=cursor.decode() if cursor else None,
    )  # fmt: skip
