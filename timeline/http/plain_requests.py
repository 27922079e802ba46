"""Which requests take the fast path: those whose form is certainly valid. Pure.

Ids, cursor and limit without encoded characters, or a JSON body of known length: stricter than what the routes
accept (see `schemas.Id`, `CursorText`, `Limit`).
"""

import re

from timeline.feed.records import PageRequest
from timeline.http.request import Request
from timeline.http.schemas import DEFAULT_LIMIT

_PATH = re.compile(rb"/timeline/([A-Za-z0-9_-]{1,128})")
_QUERY = re.compile(
    rb"(?:limit=(100|[1-9][0-9]?))?(?:(?:^|&)(?:cursor=([A-Za-z0-9_-]{1,200})|request_id=([A-Za-z0-9_-]{1,128})))?"
)
_JSON = re.compile(rb"application/json(; ?charset=utf-8)?", re.IGNORECASE)
MAX_PLAIN_BODY = 262_144  # bytes; the usual 1,000 events. A larger body is put together less quickly here


def is_plain_batch(request: Request) -> bool:
    """Whether an HTTP request is a plain one with a batch of events."""
    return (
        request.path == b"/interactions"
        and request.method == b"POST"
        and request.query is None
        and 0 < (request.body_bytes or 0) <= MAX_PLAIN_BODY
        and not request.expects_continue
        and _JSON.fullmatch(request.fields.get(b"content-type", b"")) is not None
    )


def plain_page(request: Request) -> PageRequest | None:
    """The page request of a plain HTTP request; None for any other."""
    path, query = _PATH.fullmatch(request.path), _QUERY.fullmatch(request.query or b"")
    if path is None or query is None or request.method != b"GET" or request.body_bytes != 0:
        return None
    limit, cursor, request_id = query.groups()
    return PageRequest(
        user_id=path[1].decode(), limit=int(limit) if limit else DEFAULT_LIMIT,
        cursor=cursor.decode() if cursor else None, request_id=request_id.decode() if request_id else None,
    )  # fmt: skip
