"""Counts timeline requests, and logs each one if that is switched on."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logs import log_event
from timeline.feed.records import Page
from timeline.metrics import Metrics

PAGES = "warmline.pages"  # in a scope: the page that a route made, to be counted
PATH = "/timeline"
TIMELINE = "timeline"
OTHERS = {"similar": "/posts/", "suggestions": "/users/", "onboarding": "/onboarding"}  # how their paths end and begin


class RequestLog:
    """Middleware outside of those that refuse requests, so that refusals are counted, too."""

    def __init__(self, app: ASGIApp, *, metrics: Callable[[Scope], Metrics], writes_lines: bool) -> None:
        self._app, self._metrics, self._writes_lines = app, metrics, writes_lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and count and log the answer."""
        surface = surface_of(scope["path"]) if scope["type"] == "http" else None
        if surface is None:
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
            metrics, seconds = self._metrics(scope), time.perf_counter() - begun
            if surface == TIMELINE:
                note(metrics, pages[0] if pages else None, status, seconds, writes_lines=self._writes_lines)
            else:
                metrics.surface(surface, status=status, seconds=seconds)
                if self._writes_lines:
                    milliseconds = round(seconds * 1000, 1)
                    log_event("timeline.request", status=status, surface=surface, milliseconds=milliseconds)


def surface_of(path: str) -> str | None:
    """What a request is counted as, by its path as it came; None: it is not counted."""
    if path.startswith(PATH):
        return TIMELINE
    return next((last for last, first in OTHERS.items() if path.startswith(first) and path.endswith(f"/{last}")), None)


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
