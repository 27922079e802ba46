"""The records of a page: what is asked for and what is given."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.domain import Source


@dataclass(slots=True, kw_only=True)
class PageRequest:
    """What a client asks for."""

    user_id: str
    limit: int
    cursor: str | None = None
    exclude: frozenset[str] = frozenset()


class PagePost(NamedTuple):
    """One post of a page; a tuple, for a page makes twenty of them and a frozen dataclass costs six times as much."""

    row: int
    post_id: str
    score: float
    reason: str


@dataclass(slots=True, kw_only=True)
class Page:
    """What a client gets."""

    user_id: str
    source: Source
    posts: list[PagePost]
    next_cursor: str | None
    generated_at: datetime
    feed_id: str
    degraded: tuple[str, ...]
