"""Counts timeline requests, and logs each one if that is switched on."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logs import log_event
from timeline.feed.records import Page
from timeline.metrics import Metrics

PAGES = "warmline.pages"  # in a scope: the page that a route made, to be counted
PATH = "/timeline"


class RequestLog:
    """Middleware outside of those that refuse requests, so that refusals are counted, too."""

    def __init__(self, app: ASGIApp, *, metrics: Callable[[Scope], Metrics], writes_lines: bool) -> None:
        self._app, self._metrics, self._writes_lines = app, metrics, writes_lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and count and log the answer."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        pages: list[Page] = []
        scope[PAGES] = pages
        status, begun = 500, time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            page = pages[0] if pages else None
            note(self._metrics(scope), page, status, time.perf_counter() - begun, writes_lines=self._writes_lines)


def note(metrics: Metrics, page: Page | None, status: int, seconds: float, *, writes_lines: bool) -> None:
    """Count an answer, and log it."""
    metrics.request(source=page.source if page else None, status=status, seconds=seconds)
    if page is not None:
        metrics.page(page)
    if writes_lines:
        facts = {"source": page.source, "posts": len(page.posts)} if page else {}
        if page and page.degraded:
            facts["degraded"] = ",".join(page.degraded)
        log_event("timeline.request", status=status, **facts, milliseconds=round(seconds * 1000, 1))
