"""Sends requests to the timeline over HTTP, like an app and an operator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from demo.secret_files import Keys

REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePost:
    """A post on a page."""

    post_id: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a timeline."""

    source: str
    posts: tuple[PagePost, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model version; `report` is from its training run."""

    version: int
    is_champion: bool
    accepted: bool
    verdict: str
    created_at: datetime
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One connection to a running timeline."""

    http: httpx.Client
    keys: Keys

    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """A page of a user's timeline, requested like the app's backend."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        response = self.http.get(f"/timeline/{user_id}", params=query, headers=_bearer(self.keys.api_key))
        response.raise_for_status()
        return _page(response.json())

    def chain(self, user_id: str, *, limit: int, pages: int) -> Iterator[Page]:
        """The first `pages` pages of a chain."""
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
        """The current phase."""
        return self._get("/admin/phase")

    def set_phase(self, phase: str, *, token: str, rollout_percent: float = 100) -> int:
        """Request a phase; returns the status code."""
        change = {"phase": phase, "rollout_percent": rollout_percent}
        return self.http.put("/admin/phase", json=change, headers=_bearer(token)).status_code

    def switch(self, phase: str, *, rollout_percent: float = 100) -> None:
        """Switch the phase as the operator; a refusal is an httpx.HTTPStatusError."""
        change = {"phase": phase, "rollout_percent": rollout_percent}
        self._put("/admin/phase", change)

    def models(self) -> list[Model]:
        """The model versions, newest first."""
        return [_model(body) for body in self._get("/admin/models")["models"]]

    def promote(self, version: int, *, override: bool) -> int:
        """Make a version the champion, and request its lists; returns the number of the scoring run."""
        return int(self._put("/admin/models/champion", {"version": version, "override": override})["run"])

    def runs(self) -> list[dict[str, Any]]:
        """The last runs of all jobs, newest first."""
        return list(self._get("/admin/status")["runs"])

    def live_workers(self) -> dict[str, set[str]]:
        """The workers (`machine:process`) that sent a heartbeat recently, by service."""
        workers: dict[str, set[str]] = {}
        for row in self._get("/admin/status")["services"]:
            workers.setdefault(row["service"], set()).add(row["worker"])
        return workers

    def _get(self, path: str) -> dict[str, Any]:
        return self._body(self.http.get(path, headers=_bearer(self.keys.admin_token)))

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._body(self.http.put(path, json=body, headers=_bearer(self.keys.admin_token)))

    @staticmethod
    def _body(response: httpx.Response) -> dict[str, Any]:
        response.raise_for_status()
        return dict(response.json())


@contextmanager
def connect(base_url: str, keys: Keys) -> Iterator[Client]:
    """A client; a proxy in the environment is not used, since the timeline is on this machine."""
    with httpx.Client(base_url=base_url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        yield Client(http=http, keys=keys)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _model(body: dict[str, Any]) -> Model:
    return Model(
        version=body["version"],
        is_champion=body["alias"] == "champion",
        accepted=body["state"] == "accepted",
        verdict=body["verdict"],
        created_at=datetime.fromisoformat(body["created_at"]),
        report=body["report"],
    )


def _page(body: dict[str, Any]) -> Page:
    entries = (PagePost(post_id=post["id"], score=post["score"], reason=post["reason"]) for post in body["posts"])
    return Page(source=body["source"], posts=tuple(entries), next_cursor=body["next_cursor"])
