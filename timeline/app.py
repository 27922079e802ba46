"""The ASGI app: `uvicorn timeline.app:app`, or `create_app()` with settings of your own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from timeline import admin, ingest, ingest_relations, jobs, routes
from timeline.document import document
from timeline.lane import Lane
from timeline.limits import Limits
from timeline.metrics import Metrics
from timeline.observe import Observed
from timeline.paths import EncodedSlashes
from timeline.problems import install_problems
from timeline.security import jwt_library
from timeline.state import AllSettings, State, build_state, read_settings

DESCRIPTION = "Pages of ranked lists for a photo app, and the operator's phase switch."
STOP_SECONDS = 2.0  # a look under way is waited for: cut off, it would leave its connection behind


class TimelineApp(FastAPI):
    """FastAPI behind the short way, so that a page that goes it pays for nothing of the framework."""

    lane: Lane | None = None  # from start to stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain page at once, and anything else through the routes."""
        if self.lane is None or not await self.lane.answered(scope, send):
            await super().__call__(scope, receive, send)


def create_app(settings: AllSettings) -> FastAPI:
    """An app that connects when it starts, serves while stores are down, and closes what it opened."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = build_state(settings)
        app.state.warmline = state
        assert isinstance(app, TimelineApp)
        app.lane = Lane(state, writes_lines=settings.timeline.request_log)
        every = timedelta(seconds=settings.timeline.refresh_seconds)
        keeper = asyncio.create_task(state.keeper.run(every))
        state.writing.begin(jwt_library)
        try:
            yield
        finally:
            app.lane = None
            state.keeper.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(keeper, STOP_SECONDS)
            await state.close()

    app = TimelineApp(title="Warmline timeline", version="0.1.0", description=DESCRIPTION, lifespan=lifespan)
    install_problems(app)
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # as FastAPI's own manual does it
    for part in (routes, ingest, ingest_relations, jobs, admin):
        app.routes.extend(part.router.routes)  # whole as they are: `include_router` makes each of them once more
    app.add_middleware(EncodedSlashes)
    app.add_middleware(Limits)
    app.add_middleware(Observed, metrics=_metrics, writes_lines=settings.timeline.request_log)
    return app


def _metrics(scope: Scope) -> Metrics:
    state = scope["app"].state.warmline
    assert isinstance(state, State)
    return state.metrics


def __getattr__(name: str) -> Any:
    """Build `app` when a server asks for it, not when the module is imported."""
    if name == "app":
        return create_app(read_settings())
    raise AttributeError(name)
