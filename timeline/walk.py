"""A page in the making: the chain it is of, how far it has come, and the order in which its posts were chosen. Pure.

The head of a chain, up to the position of its newest cursor, is what was served, in that order. So a position is a
number of posts, what came last is known without another record, and a page that took posts out of turn (spacing) or
met some that must not be shown any more leaves a chain of which that is true again.
"""

from dataclasses import dataclass, field, replace

from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from shared.ranked_lists.records import Chain, Tail
from timeline.page import PagePost, PageRequest
from timeline.stores import Patience


@dataclass(slots=True, kw_only=True)
class Walk:
    """One page of one chain. A *place* is an index into the chain's list and the tail behind it."""

    request: PageRequest
    state: UserState
    patience: Patience
    chain: Chain
    slot: int
    tail: Tail | None
    position: int  # where the page starts; after `settle`, where the next one does
    ends_in_redis: int = 0  # page ends of this chain when it was read from Redis
    is_rewritten: bool = False  # the chain in Redis is not the one here
    posts: list[PagePost] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)  # places of the posts
    dropped: set[int] = field(default_factory=set)  # places that must not be shown
    gone: set[int] = field(default_factory=set)  # rows that PostgreSQL called deleted while Redis could not tell
    _rows: list[int] | None = None  # of all places, unpacked once

    @property
    def has_redis(self) -> bool:
        return "redis" not in self.patience.degraded

    @property
    def has_database(self) -> bool:
        return "postgresql" not in self.patience.degraded

    @property
    def own_length(self) -> int:
        """Posts of the frozen list."""
        return len(self.chain.frozen)

    @property
    def unseen_length(self) -> int:
        """Posts of the list and of the tail's part that the user has not seen, as far as it is known."""
        return self.own_length + (self.tail.unseen if self.tail else 0)

    @property
    def whole_length(self) -> int:
        """Posts of list and tail, as far as they are known."""
        return self.own_length + (len(self.tail) if self.tail else 0)

    def entry(self, place: int) -> tuple[int, str, float] | None:
        """Row, reason and score at a place; None beyond the (known) end."""
        own = self.own_length
        if place < own:
            return codec.entry_at(self.chain.frozen.entries, place)
        if self.tail is None or place - own >= len(self.tail):
            return None
        return codec.entry_at(self.tail.entries, place - own)

    def row(self, place: int) -> int:
        """The row at a place that is known."""
        return (self._rows or self.rows())[place]

    def rows(self, start: int = 0, end: int | None = None) -> list[int]:
        """The rows at these places, as far as the chain is known."""
        if self._rows is None:
            self._rows = codec.rows_of(self.chain.frozen.entries)
            if self.tail is not None:
                self._rows += codec.rows_of(self.tail.entries)
        return self._rows[start:end]

    def put_tail(self, tail: Tail) -> None:
        """What follows the list was worked out."""
        self.tail, self._rows = tail, None

    def settle(self) -> None:
        """Put what was served at the chain's head, leave out what must not be shown, and go on behind it."""
        start, end = self.position, self.position + len(self.chosen)
        self.position = end
        if self.chosen == list(range(start, end)):
            return  # what was dropped lies behind and is looked at again
        taken = self.dropped.union(self.chosen)
        own_length, unseen_length = self.own_length, self.unseen_length
        both = self.chain.frozen.entries + (self.tail.entries if self.tail else b"")
        own = [*range(start), *self.chosen, *(place for place in range(start, own_length) if place not in taken)]
        rest = [place for place in range(max(start, own_length), self.whole_length) if place not in taken]
        frozen = replace(self.chain.frozen, entries=codec.pick(both, own))
        self.chain = replace(self.chain, frozen=frozen)
        if self.tail is not None:
            unseen = sum(place < unseen_length for place in rest)
            self.tail = Tail(unseen=unseen, entries=codec.pick(both, rest))
        self.chosen, self.dropped, self.is_rewritten, self._rows = [], set(), True, None
