"""The routes of the example's backend: the built page, and under `/demo` what your own backend has anyway."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.feed.gateway import PREFIX, Gateway, problem
from demo.feed.post_details import MOST_POSTS, read_posts
from demo.feed.sessions import open_session, user_of
from demo.feed.settings import FeedSettings
from demo.feed.surfaces import read_surfaces

TIMELINE_SECONDS = 10.0
PHOTO_SUFFIXES = (".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp")
ASSETS = "/assets/"  # their names hold a hash of their bytes
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(settings: FeedSettings, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The app; `transport` leads to a timeline that listens on no port, in tests."""
    client = httpx.AsyncClient(
        base_url=settings.timeline_url, timeout=TIMELINE_SECONDS, trust_env=False, transport=transport
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    gateway = Gateway(client)
    routes: list[BaseRoute] = [
        Route("/demo/config", partial(_config, settings, client)),
        Route("/demo/session", partial(_session, settings), methods=["POST"]),
        Route("/demo/posts", partial(_posts, settings)),
        Route("/demo/follows/{author:path}", partial(_follow, settings, client), methods=["PUT", "DELETE"]),
        Route(f"{PREFIX}/{{path:path}}", gateway.pass_on, methods=["GET", "POST", "DELETE"]),
    ]
    if settings.media is not None:
        routes.append(Mount("/demo/photos", Photos(directory=settings.media)))
    routes.append(Mount("/", StaticFiles(directory=settings.dist, html=True)))
    hosts = [settings.host, "localhost", "127.0.0.1", "[::1]"]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Headers, settings=settings),
            # Another site's name that is made to lead here (DNS rebinding) gets no session.
            *([] if settings.host == "0.0.0.0" else [Middleware(TrustedHostMiddleware, allowed_hosts=hosts)]),  # noqa: S104 - compared, not bound
        ],
    )


async def _config(settings: FeedSettings, client: httpx.AsyncClient, _: Request) -> Response:
    try:
        surfaces = await read_surfaces(client)
    except (httpx.HTTPError, LookupError, ValueError):
        return problem(502, "timeline-away", "the timeline does not answer; try again")
    users = [{"id": user.user_id, "label": user.label} for user in settings.users]
    follows = settings.api_key is not None and "following" in surfaces["modes"]
    return JSONResponse({"users": users, "api": PREFIX, "follows": follows, **surfaces})


async def _session(settings: FeedSettings, request: Request) -> Response:
    """Where your app would look at its own login, this one takes the user that was chosen on the page."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return problem(403, "another-site", "only the page itself may open a session")
    session = open_session(settings, await _user_in(request))
    if session is None:
        return problem(403, "unknown-user", "the page may not be used as this user; name them with --user")
    return JSONResponse(asdict(session))


async def _user_in(request: Request) -> str:
    try:
        return str((await request.json())["user_id"])
    except (ValueError, TypeError, KeyError):
        return ""


async def _posts(settings: FeedSettings, request: Request) -> Response:
    user_id = user_of(settings, request.headers.get("authorization", ""))
    if user_id is None:
        return problem(401, "session-ended", "no session, or it has ended; open one: POST /demo/session")
    ids = request.query_params.getlist("ids")
    if len(ids) > MOST_POSTS:
        return problem(422, "too-many", f"got {len(ids)} ids, expected at most {MOST_POSTS}")
    posts: list[dict[str, Any]] = await run_in_threadpool(read_posts, settings, user_id, ids)
    return JSONResponse({"posts": posts})


async def _follow(settings: FeedSettings, client: httpx.AsyncClient, request: Request) -> Response:
    """Follow an author, or end it: an act of the app's backend, with the API key, for the user of the session alone."""
    user_id = user_of(settings, request.headers.get("authorization", ""))
    if user_id is None or settings.api_key is None:
        return problem(401, "session-ended", "no session, or it has ended; open one: POST /demo/session")
    path = f"/users/{quote(user_id, safe='')}/follows/{quote(request.path_params['author'], safe='')}"
    try:
        answer = await client.request(request.method, path, headers={"authorization": f"Bearer {settings.api_key}"})
    except httpx.HTTPError:
        return problem(502, "timeline-away", "the timeline does not answer; try again")
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


class Photos(StaticFiles):
    """Files below the media root whose names say that they are photos: secrets may lie beside them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The photo, or 404."""
        if Path(path).suffix.lower() not in PHOTO_SUFFIXES:
            raise HTTPException(404)
        return await super().get_response(path, scope)


class Headers:
    """Adds to each answer what the page may load, and how long it may be kept."""

    def __init__(self, app: ASGIApp, settings: FeedSettings) -> None:
        self._app = app
        self._always = {
            "content-security-policy": policy(settings.photo_origins),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = {**self._always, "cache-control": _caching(scope["path"])}
                new = [(name.encode(), text.encode()) for name, text in added.items() if name.encode() not in given]
                message["headers"] = [*message["headers"], *new]
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)


def policy(photo_origins: tuple[str, ...]) -> str:
    """What the page may load (Content-Security-Policy): its own files, and photos; nothing inline."""
    photos = " ".join(("'self'", *photo_origins))
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {photos}; connect-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _caching(path: str) -> str:
    if path.startswith(ASSETS):
        return "public, max-age=31536000, immutable"
    return "private, max-age=3600" if path.startswith("/demo/photos/") else "no-cache"
