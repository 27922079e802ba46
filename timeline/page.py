"""The records of a page: what is asked for, what is given, and the page in the making."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.domain import Source
from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from shared.ranked_lists.records import Chain


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


@dataclass(slots=True, kw_only=True)
class Walk:
    """A page in the making: the chain it is of, and how far it has come."""

    request: PageRequest
    state: UserState
    chain: Chain
    slot: int
    tail: bytes | None
    position: int
    degraded: list[str]
    posts: list[PagePost] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)  # rows that PostgreSQL called deleted while Redis could not tell

    @property
    def has_redis(self) -> bool:
        return "redis" not in self.degraded

    @property
    def has_database(self) -> bool:
        return "postgresql" not in self.degraded

    @property
    def own_length(self) -> int:
        return len(self.chain.frozen)

    def entry(self, position: int) -> tuple[int, str, float] | None:
        """Row, reason and score at a position of the chain; None beyond its (known) end."""
        own = self.own_length
        if position < own:
            return codec.entry_at(self.chain.frozen.entries, position)
        if self.tail is None or position - own >= len(self.tail) // codec.ENTRY.size:
            return None
        return codec.entry_at(self.tail, position - own)
