"""The records of a page: what is asked for and what is given."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What a client asks for."""

    user_id: str
    limit: int
    cursor: str | None = None
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePost:
    """One post of a page."""

    row: int
    post_id: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a client gets."""

    user_id: str
    source: Source
    posts: list[PagePost]
    next_cursor: str | None
    generated_at: datetime
    feed_id: str
    degraded: tuple[str, ...]
