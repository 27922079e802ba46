"""The example's backend before a timeline that only repeats what it was asked."""

import json
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from demo.feed.app import create_app
from demo.feed.settings import FeedSettings, FeedUser

KEY = "a-key-of-the-tests-" + "k" * 32
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/timeline/{user_id}": {"get": {"parameters": [{"name": "mode", "schema": {"$ref": "#/components/schemas/M"}}]}}
    },
    "components": {"schemas": {"M": {"enum": ["for_you", "latest"]}}},
}


def settings_of(media: Path | None = None, **changes: Any) -> FeedSettings:
    """Settings whose stores nobody asks."""
    settings: dict[str, Any] = {
        "host": "127.0.0.1", "port": 0, "timeline_url": "http://timeline", "database_url": "postgresql://nobody@nowhere",
        "schema": "warmline", "media": media, "jwt_key": KEY, "jwt_algorithm": "HS256", "api_key": "the-api-key",
        "users": (FeedUser(user_id="ann", label="Ann"),),
    }  # fmt: skip
    return FeedSettings(**(settings | changes))


def client_of(settings: FeedSettings) -> TestClient:
    """A browser, as far as headers go."""
    return TestClient(create_app(settings, httpx.MockTransport(_timeline)), base_url="http://127.0.0.1")


def _timeline(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/openapi.json":
        return httpx.Response(200, json=DOCUMENT)
    asked = {
        "method": request.method,
        "path": request.url.raw_path.decode(),
        "headers": {name: value for name, value in request.headers.items() if name in ("authorization", "cookie")},
        "body": request.content.decode(),
    }
    headers = {"content-type": "application/json", "retry-after": "3", "server": "secret"}
    return httpx.Response(429, content=json.dumps(asked), headers=headers)
