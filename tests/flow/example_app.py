"""The example app in tests: a world of drawn photos, a timeline and the example's backend, each on its own port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from demo.feed.app import create_app as create_feed
from demo.feed.settings import FeedSettings, FeedUser
from demo.processes import LOOPBACK
from shared.db.migrate import migrate
from tests.flow.deployment import API_KEY, JWT_KEY, Deployment, eventually
from tests.landscapes import caption_of, landscape
from timeline.app import create_app as create_timeline

READERS, NEWCOMER = tuple(f"reader-{n}" for n in range(20)), "newcomer"
N_POSTS, N_AUTHORS, N_FANS = 150, 15, 20
N_PHOTOS = 36  # which the posts share: drawing takes longer than all else


def build_photo_world(deployment: Deployment, media: Path) -> None:
    """A migrated database with posts of three days, liked by a few; the lower its number, the newer and the better."""
    with deployment.database() as database:
        migrate(database)
    now = datetime.now(UTC)
    people = [*READERS, NEWCOMER, *(f"author-{n}" for n in range(N_AUTHORS)), *(f"fan-{n}" for n in range(N_FANS))]
    deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, %s)", [(user, now) for user in people])
    media.mkdir()
    for number in range(N_PHOTOS):
        landscape(number).save(media / f"{number}.jpg", "JPEG", quality=80)
    deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, caption, image_url, created_at) VALUES (%s, %s, %s, %s, %s)",
        [
            (
                post_id(n),
                f"author-{n % N_AUTHORS}",
                caption_of(n),
                f"{n % N_PHOTOS}.jpg",
                now - timedelta(minutes=29 * n),
            )
            for n in range(N_POSTS)
        ],
    )
    for fan in range(N_FANS):
        liked = [post_id(n) for n in range(N_POSTS) if n * 7 % 40 < fan]
        deployment.add_events(f"fan-{fan}", liked, kind="like")


def post_id(number: int) -> str:
    """Ids hold what has to be escaped in a path."""
    return f"post/{number:03}"


@contextmanager
def timeline_of(deployment: Deployment, **settings: Any) -> Iterator[str]:
    """A timeline as in production; gives its address."""
    with served(create_timeline(deployment.settings(env="production", jwt_writes=True, **settings))) as url:
        yield url


@contextmanager
def example_app(deployment: Deployment, media: Path, timeline_url: str, user_id: str) -> Iterator[str]:
    """The example's backend, whose page is first used as one user; gives the page's address."""
    settings = FeedSettings(
        host=LOOPBACK,
        port=0,
        timeline_url=timeline_url,
        database_url=deployment.database_url,
        schema="warmline",
        media=media,
        jwt_key=JWT_KEY,
        jwt_algorithm="HS256",
        api_key=API_KEY,
        users=(FeedUser(user_id=user_id, label="A reader"), FeedUser(user_id=NEWCOMER, label="Somebody new")),
    )
    with served(create_feed(settings)) as url:
        yield url


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI app on a free port of this machine, in a thread."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            eventually(lambda: server.started, "the server listens")
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
