"""Errors over HTTP: RFC 9457 problem details with a stable `type`, never a stack trace, never raw exception text."""

import http
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.errors import RelationBroken, SourceError, StoreUnavailable, WriteRefused
from shared.logs import log_trouble
from timeline.http.answers import UNREADABLE
from timeline.http.printable_json import PrintableJSON

NO_ROUTE = "no such route: paths match exactly, and a slash in an id is %2F; see /docs"
TYPE_PREFIX = "urn:warmline:problem:"
MAX_SHOWN = 100  # characters of a wrong header
MAX_ERRORS = 20  # validation errors that one answer lists


class Problem(Exception):
    """An error that a client can understand: `slug` names its kind and never changes, `detail` says what to do."""

    def __init__(self, status: int, slug: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail, self.headers = status, slug, detail, headers


def problem_response(
    status: int, slug: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> PrintableJSON:
    """A problem as an answer."""
    title = http.HTTPStatus(status).phrase
    body = {"type": TYPE_PREFIX + slug, "title": title, "status": status, "detail": detail, **more}
    return PrintableJSON(body, status_code=status, headers=headers, media_type="application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for kind in (Problem, WriteRefused, StoreUnavailable, SourceError, Exception):
        app.add_exception_handler(kind, _on_error)


def problem_of(error: Exception, *, method: str, route: str) -> PrintableJSON:
    """What the client may know of an error; faults of ours and stores that do not answer are logged.

    Args:
        error: what was raised.
        method: the request's.
        route: its path with names in place of ids, which are not logged.
    """
    match error:
        case Problem():
            return problem_response(error.status, error.slug, error.detail, error.headers)
        case WriteRefused():
            return problem_response(409, error.reason, str(error))
        case RelationBroken():
            log_trouble("timeline.unavailable", reason=error)
            cure = "`warmline doctor` says what is wrong; until it is mended, a repeat fails as well"
            detail = f"the relation {error.relation} cannot be read: {cure}"
            return problem_response(500, "relation-broken", detail)
        case StoreUnavailable() | SourceError():
            log_trouble("timeline.unavailable", reason=error)
            detail = "a store that this route needs does not answer; try again, a repeat is as good as once"
            return problem_response(503, "store-unavailable", detail, {"Retry-After": "5"})
    log_trouble("timeline.bug", method=method, route=route, kind=type(error).__name__)
    return problem_response(500, "internal", "this is a fault of ours; it was logged")


async def _on_error(request: Request, error: Exception) -> PrintableJSON:
    return problem_of(error, method=request.method, route=getattr(request.scope.get("route"), "path", "none"))


async def _on_invalid(request: Request, error: Exception) -> PrintableJSON:
    assert isinstance(error, RequestValidationError)
    given = request.headers.get("content-type", "")
    if not _is_json(given) and any(item["loc"] == ("body",) and item["type"] != "missing" for item in error.errors()):
        got = repr(given[:MAX_SHOWN]) if given else "none"
        return problem_response(422, "invalid-request", f"Content-Type: got {got}, expected application/json")
    errors = [
        {"where": ".".join(str(part) for part in item["loc"])[:200], "expected": str(item["msg"])[:200]}
        for item in error.errors()[:MAX_ERRORS]
    ]
    return problem_response(422, "invalid-request", "the request is not what this route takes", errors=errors)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def _on_http(_: Request, error: Exception) -> PrintableJSON:
    assert isinstance(error, HTTPException)
    slug = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = {
        400: UNREADABLE,
        404: NO_ROUTE,
        405: "this route does not take that method; see /docs",
    }
    headers = dict(error.headers) if error.headers else None
    return problem_response(error.status_code, slug, detail.get(error.status_code, slug), headers)
