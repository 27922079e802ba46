"""The ASGI app: `timeline.app:app` for any server, or `create_app()` with your own settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Scope

from shared.version import VERSION
from timeline.http import (
    admin,
    docs_page,
    interactions,
    pages,
    preferences,
    recommendations,
    relations,
    runs,
    similar,
    suggestions,
    user_data,
)
from timeline.http.auth import Authorizer, jwt_library
from timeline.http.exact_paths import ExactPaths
from timeline.http.fast_path import FastPath
from timeline.http.limits import BodyRoom, Limits
from timeline.http.methods import Methods
from timeline.http.openapi import document
from timeline.http.phone_answers import PhoneAnswers
from timeline.http.problems import install_problems
from timeline.http.request_log import RequestLog
from timeline.http.security_headers import SecurityHeaders
from timeline.metrics import Metrics
from timeline.settings import TimelineSettings
from timeline.state import AllSettings, State, build_state, read_settings
from timeline.stores.local_copies import FIRST_LOOK_SECONDS
from timeline.worker import Worker

DESCRIPTION = "Pages of ranked lists for a photo app, and the operator's phase switch."
STOP_SECONDS = 2.0  # for a check that is running: cancelled, it would leave its connection open


class TimelineApp(FastAPI):
    """FastAPI, and the fast path for a server that uses it (`timeline.http.server`)."""

    fast_path: FastPath | None = None  # from start to stop

    def running(self) -> AbstractAsyncContextManager[Any]:
        """From start to stop, for a server without ASGI's lifespan messages."""
        return self.router.lifespan_context(self)

    def __init__(self, settings: TimelineSettings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's stack, inside those that change each answer, its errors too."""
        answers, settings = super().build_middleware_stack(), self._settings
        return SecurityHeaders(
            PhoneAnswers(answers, routes=self.routes, origins=settings.cors_origins, users_write=settings.jwt_writes)
        )


def create_app(settings: AllSettings, worker: Worker | None = None) -> TimelineApp:
    """An app that connects when it starts, serves while stores are down, and closes what it opened.

    Args:
        settings: all groups.
        worker: this one of several processes; None: there are no others.
    """

    room = BodyRoom()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = build_state(settings, worker or Worker.alone(settings.timeline))
        app.state.warmline = state
        assert isinstance(app, TimelineApp)
        app.fast_path = FastPath(state, room=room, writes_lines=settings.timeline.request_log)
        every = timedelta(seconds=settings.timeline.refresh_seconds)
        background_refresh = asyncio.create_task(state.background_refresh.run(every))
        state.write_threads.submit(jwt_library)
        try:
            with suppress(TimeoutError):  # so that the first page need not connect
                await asyncio.wait_for(state.background_refresh.first_checks(), FIRST_LOOK_SECONDS)
            yield
        finally:
            app.fast_path = None
            state.background_refresh.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(background_refresh, STOP_SECONDS)
            await state.close()

    app = TimelineApp(
        settings.timeline, title="Warmline timeline", version=VERSION, description=DESCRIPTION, lifespan=lifespan,
        redirect_slashes=False, docs_url=None, redoc_url=None,  # FastAPI's own load scripts from a CDN
    )  # fmt: skip
    install_problems(app)
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # as FastAPI's own manual does it
    parts = (
        pages,
        similar,
        suggestions,
        interactions,
        relations,
        preferences,
        user_data,
        recommendations,
        runs,
        admin,
        docs_page,
    )
    for part in parts:
        app.routes.extend(part.router.routes)  # `include_router` would build each route again
    app.add_middleware(Limits, routes=app.routes, authorizer=_authorizer, room=room)
    app.add_middleware(Methods, routes=app.routes)
    app.add_middleware(ExactPaths)
    app.add_middleware(RequestLog, metrics=_metrics, writes_lines=settings.timeline.request_log)
    return app


def _metrics(scope: Scope) -> Metrics:
    return _state(scope).metrics


def _authorizer(scope: Scope) -> Authorizer:
    return _state(scope).authorizer


def _state(scope: Scope) -> State:
    state = scope["app"].state.warmline
    assert isinstance(state, State)
    return state


def __getattr__(name: str) -> Any:
    """Build `app` on first access, not on import."""
    if name == "app":
        return create_app(read_settings())
    raise AttributeError(name)
