"""Passes the page's calls on to the timeline as they are: those routes alone that a user's JWT opens.

On your own domain nginx does this (docs/guides/behind-nginx.md), or the page calls the timeline directly, with
WARMLINE_CORS_ORIGINS (docs/guides/phones.md). The timeline itself decides what a JWT may do.
"""

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

PREFIX = "/api"
MOST_BYTES = 131_072  # of a body, as the timeline takes from a phone
ROUTES: dict[tuple[str, ...], tuple[str, ...]] = {  # methods by path
    ("timeline", "{user}"): ("GET",),
    ("posts", "{post}", "similar"): ("GET",),
    ("interactions",): ("POST", "DELETE"),
    ("users", "{user}", "preferences"): ("GET", "POST"),
    ("users", "{user}", "preferences", "{preference}"): ("DELETE",),
}
SENT_ON = ("authorization", "content-type")
PASSED_BACK = ("cache-control", "content-type", "retry-after", "www-authenticate")


class Gateway:
    """The way from the page to the timeline."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def pass_on(self, request: Request) -> Response:
        """The timeline's answer to one of `ROUTES`, or a problem of our own."""
        # As it was sent: an id may hold a slash, written %2F.
        path = request.scope["raw_path"].decode("ascii").removeprefix(PREFIX)
        if not is_open(request.method, path):
            return problem(404, "not-found", "the example passes no such call on")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return problem(413, "body-too-large", f"the body is larger than {MOST_BYTES:,} bytes")
        query = request.scope["query_string"].decode("ascii")
        headers = {name: request.headers[name] for name in SENT_ON if name in request.headers}
        target = f"{path}?{query}" if query else path
        try:
            answer = await self._client.request(request.method, target, content=body, headers=headers)
        except httpx.HTTPError:
            return problem(502, "timeline-away", "the timeline does not answer; try again")
        kept = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, kept)


def is_open(method: str, path: str) -> bool:
    """Whether the page may call this; each `{}` stands for one part, whose slashes are escaped."""
    parts = path.split("/")[1:]
    return any(
        method in methods
        and len(route) == len(parts)
        and all(part and (name.startswith("{") or name == part) for name, part in zip(route, parts, strict=True))
        for route, methods in ROUTES.items()
    )


def problem(status: int, kind: str, detail: str) -> JSONResponse:
    """A problem (RFC 9457), as the timeline answers."""
    body = {"type": kind, "title": kind.replace("-", " "), "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
