"""A page in the making: the chain it is of, how far it has come, and the order in which its posts were chosen. Pure.

The head of a chain, up to the position of its newest cursor, is what was served, in that order. So a position is a
number of posts, what came last is known without another record, and a page that took posts out of turn (spacing) or
met some that must not be shown any more leaves a chain of which that is true again.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from shared.ranked_lists import codec
from shared.ranked_lists.records import Chain, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.records import PagePosts, PageRequest
from timeline.feed.tail import NEVER, SeenPosts, extend_tail
from timeline.stores.budgets import RequestBudget
from timeline.stores.local_chains import LocalChain
from timeline.stores.segments import VisibilityFilter

PAGES = 2  # that are made ready at once: of the second one, too, what follows it must be known
PAGES_OF_TAIL = 5  # the same of a tail, after a first page
MARGIN = 8  # posts beyond them, for those that spacing puts off


class ChainPage(Struct, kw_only=True, gc=False):
    """One page of one chain. A *place* is an index into the chain's list and the tail behind it."""

    request: PageRequest
    state: UserState
    budget: RequestBudget
    chain: Chain
    slot: int
    tail: Tail | None
    position: int  # where the page starts; after `settle`, where the next one does
    ends_in_redis: tuple[int, ...] = ()  # page ends of this chain when it was read from Redis
    is_rewritten: bool = False  # the chain in Redis is not the one here
    local_chain: LocalChain | None = None  # the chain as this process had it when it was read
    needs_slot: bool = False  # the slot was only supposed when the chain began: Redis was away
    posts: PagePosts = field(default_factory=PagePosts)
    chosen: list[int] = field(default_factory=list)  # places of the posts
    dropped: set[int] = field(default_factory=set)  # places that must not be shown
    shows_next: bool = False  # the post that follows the page was looked at, and may be shown
    unrecorded: Sequence[int] = ()  # rows that were served, and are not on record in Redis, the last served last
    seen_rows: SeenPosts | None = None  # see `seen`
    gone: set[int] = field(default_factory=set)  # rows that PostgreSQL called deleted while Redis could not tell

    @property
    def has_redis(self) -> bool:
        return "redis" not in self.budget.degraded

    @property
    def has_database(self) -> bool:
        return "postgresql" not in self.budget.degraded

    @property
    def is_on_record(self) -> bool:
        """Whether Redis has the page that ends here."""
        return self.position <= max(self.ends_in_redis, default=0)

    @property
    def own_length(self) -> int:
        """Posts of the frozen list that are ready."""
        return len(self.chain.frozen.entries) // codec.ENTRY.size  # a page asks eleven times

    @property
    def unseen_length(self) -> int:
        """Posts of the list and of the tail's part that the user has not seen, as far as it is known."""
        return self.own_length + (self.tail.unseen if self.tail else 0)

    @property
    def whole_length(self) -> int:
        """Posts of list and tail, as far as they are known."""
        return self.own_length + (len(self.tail) if self.tail else 0)

    def entries(self, start: int, end: int) -> bytes:
        """The packed entries at these places, as far as the chain is known."""
        found = codec.part(self.chain.frozen.entries, start, end)
        if self.tail is not None and end > (own := self.own_length):
            found += codec.part(self.tail.entries, max(0, start - own), end - own)
        return found

    def post_numbers(self, start: int, end: int) -> list[int]:
        """The rows at these places, as far as the chain is known."""
        return codec.post_numbers_of(self.entries(start, end))

    def make_ready(self, entries: bytes, rest: bytes) -> None:
        """These entries of the list come next, and what is left of it follows them one day."""
        chain, frozen = self.chain, self.chain.frozen
        frozen = frozen.with_entries(frozen.entries + entries)
        self.chain = Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=rest)
        self.is_rewritten = True

    def put_tail(self, tail: Tail) -> None:
        """What follows the list was worked out."""
        self.tail = tail

    def make_tail_ready(self, visibility: VisibilityFilter) -> None:
        """More of the tail comes near."""
        assert self.tail is not None
        before, at_most = self.chain.frozen.entries, self.wanted_of_tail
        self.tail, self.is_rewritten = extend_tail(self.tail, before, self.seen(), visibility, at_most=at_most), True

    def seen(self, *, all_from: int = NEVER) -> SeenPosts:
        """What the user has seen; who has seen so many may have seen all there is (see `SeenPosts`)."""
        if self.seen_rows is None:
            self.seen_rows = SeenPosts(self.state, all_from=all_from)
        return self.seen_rows

    @property
    def wanted_of_tail(self) -> int:
        """How many more posts of the tail are made ready at once.

        A first page gets two; whoever scrolls on gets some, and the more the further they are. Where all
        that was ready must not be shown, four times as many are looked at.
        """
        ready = len(self.tail) if self.tail else 0
        return max((PAGES_OF_TAIL if self.position else PAGES) * self.request.limit + MARGIN, self.position, 4 * ready)

    def lacks_tail(self, offset: int, room: int, *, seen_too: bool) -> bool:
        """Whether more of the tail is to be made ready for a page that has this much room from this place on."""
        tail = self.tail
        if tail is None or not tail.rest or (not seen_too and tail.unseen < len(tail)):
            return False
        return self.whole_length - offset <= room

    def settle(self) -> None:
        """Put what was served at the chain's head, leave out what must not be shown, and go on behind it."""
        start, end = self.position, self.position + len(self.chosen)
        self.position = end
        is_in_order = self.chosen == list(range(start, end))
        if is_in_order and (end <= self.own_length or self.tail is None or not self.tail.rest):
            return  # what was dropped lies behind and is looked at again
        if is_in_order and not self.dropped:
            self._move_up(end - self.own_length)
            return
        taken = sorted(self.dropped.union(self.chosen))
        own_length, unseen_length = self.own_length, self.unseen_length
        both = self.chain.frozen.entries + (self.tail.entries if self.tail else b"")
        served = codec.part(both, 0, start) + codec.pick(both, self.chosen)
        chain = self.chain
        frozen = chain.frozen.with_entries(served + _rest(both, start, own_length, taken))
        self.chain = Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)
        if self.tail is not None:
            begin = max(start, own_length)  # of what is left of the tail
            unseen = max(0, unseen_length - begin) - sum(begin <= offset < unseen_length for offset in taken)
            entries = _rest(both, begin, codec.length_of(both), taken)
            self.tail = Tail(unseen=unseen, entries=entries, rest=self.tail.rest)
        self.chosen, self.dropped, self.is_rewritten = [], set(), True

    def _move_up(self, served: int) -> None:
        """So many posts of the tail, from the first on, were served: they belong to the chain from now on."""
        tail, chain = self.tail, self.chain
        assert tail is not None
        frozen = chain.frozen.with_entries(chain.frozen.entries + codec.part(tail.entries, 0, served))
        self.chain = Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)
        unseen, entries = max(0, tail.unseen - served), codec.part(tail.entries, served)
        self.tail = Tail(unseen=unseen, entries=entries, rest=tail.rest)
        self.chosen, self.dropped, self.is_rewritten = [], set(), True


def _rest(entries: bytes, start: int, end: int, taken: Sequence[int]) -> bytes:
    """The entries between two places less those at some places, which are in order."""
    inside = [offset - start for offset in taken if start <= offset < end]
    return codec.without(codec.part(entries, start, max(start, end)), inside)
