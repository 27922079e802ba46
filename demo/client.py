"""Asks the timeline over HTTP, as an app and an operator do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from demo.secret_files import Keys

REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A post on a page."""

    post_id: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a timeline."""

    source: str
    posts: tuple[Entry, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One connection to a running timeline."""

    http: httpx.Client
    keys: Keys

    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """A page of a user's timeline, asked for as the app's backend."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        response = self.http.get(f"/timeline/{user_id}", params=query, headers=_bearer(self.keys.api_key))
        response.raise_for_status()
        return _page(response.json())

    def chain(self, user_id: str, *, limit: int, pages: int) -> Iterator[Page]:
        """The pages of one chain, up to `pages` of them."""
        cursor = None
        for _ in range(pages):
            page = self.page(user_id, limit=limit, cursor=cursor)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    def status_of(self, path: str, *, token: str | None = None) -> int:
        """The status code of a GET."""
        return self.http.get(path, headers={} if token is None else _bearer(token)).status_code

    def phase(self) -> dict[str, Any]:
        """The phase in force."""
        response = self.http.get("/admin/phase", headers=_bearer(self.keys.admin_token))
        response.raise_for_status()
        return dict(response.json())

    def set_phase(self, phase: str, *, token: str) -> int:
        """Ask for a phase; the status code."""
        return self.http.put("/admin/phase", json={"phase": phase}, headers=_bearer(token)).status_code


@contextmanager
def connect(base_url: str, keys: Keys) -> Iterator[Client]:
    """A client; a proxy of the environment is not asked, for the timeline is here."""
    with httpx.Client(base_url=base_url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        yield Client(http=http, keys=keys)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _page(body: dict[str, Any]) -> Page:
    entries = (Entry(post_id=post["id"], score=post["score"], reason=post["reason"]) for post in body["posts"])
    return Page(source=body["source"], posts=tuple(entries), next_cursor=body["next_cursor"])
