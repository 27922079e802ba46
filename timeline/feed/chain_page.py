"""One page while it is computed: its chain, its position, and its chosen posts in order. Pure.

The beginning of a chain, up to the position of its newest cursor, is exactly what was served, in that order. So a
position is a number of posts, and the posts served last are known without another record. If a page took posts out of
order (spacing) or dropped some that must not be shown any more, `settle` makes this true of the chain again.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from shared.domain import Source
from shared.ranked_lists import codec
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.records import Chain, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.records import PagePosts, PageRequest
from timeline.feed.tail import NEVER, SeenPosts, extend_tail, without_seen
from timeline.stores.budgets import RequestBudget
from timeline.stores.local_chains import LocalChain
from timeline.stores.segments import VisibilityFilter

PAGES = 2  # prepared at once: whether the page has a next one must be known
PAGES_OF_TAIL = 5  # the same for a tail, after the first page
MARGIN = 8  # posts beyond them, in place of those that spacing defers


class ChainPage(Struct, kw_only=True, gc=False):
    """One page of one chain. An *offset* counts the posts of the chain's list, then those of its tail."""

    request: PageRequest
    state: UserState
    budget: RequestBudget
    chain: Chain
    slot: int
    tail: Tail | None
    position: int  # where the page starts; after `settle`, where the next one does
    ends_in_redis: tuple[int, ...] = ()  # page ends of the chain that was read from Redis
    is_rewritten: bool = False  # the chain here differs from the one in Redis
    local_chain: LocalChain | None = None  # this process's copy when the page began
    needs_slot: bool = False  # the chain began while Redis was away: its slot is only assumed
    posts: PagePosts = field(default_factory=PagePosts)
    chosen: list[int] = field(default_factory=list)  # offsets of the posts
    dropped: set[int] = field(default_factory=set)  # offsets of posts that must not be shown
    shows_next: bool = False  # the post after the page is known, and may be shown
    known: Cursor | None = None  # that named a chain which is gone: this one begins in its place
    unrecorded: Sequence[int] = ()  # posts that were served but not recorded in Redis, in order
    seen_rows: SeenPosts | None = None  # see `seen`
    # Posts that PostgreSQL no longer has, found while Redis was away; and posts that the viewer's rules withhold.
    gone: set[int] = field(default_factory=set)

    @property
    def has_redis(self) -> bool:
        return "redis" not in self.budget.degraded

    @property
    def has_database(self) -> bool:
        return "postgresql" not in self.budget.degraded

    @property
    def has_rest_of_its_own(self) -> bool:
        """Whether only posts of its mode and its tag may follow its list."""
        source = self.chain.frozen.source
        if source is Source.EXPLORE:
            return self.request.tag is not None
        return source is Source.FOLLOWING or source is Source.LATEST

    @property
    def is_on_record(self) -> bool:
        """Whether Redis has the page that ends here."""
        return self.position <= max(self.ends_in_redis, default=0)

    @property
    def own_length(self) -> int:
        """Posts of the frozen list that are prepared."""
        return len(self.chain.frozen.entries) // codec.ENTRY.size  # inlined: called eleven times a page

    @property
    def unseen_length(self) -> int:
        """Prepared posts of the list, and of the tail's part that the user has not seen."""
        return self.own_length + (self.tail.unseen if self.tail else 0)

    @property
    def whole_length(self) -> int:
        """Prepared posts of list and tail."""
        return self.own_length + (len(self.tail) if self.tail else 0)

    def entries(self, start: int, end: int) -> bytes:
        """The packed entries between two offsets, as far as they are prepared."""
        entries = codec.part(self.chain.frozen.entries, start, end)
        if self.tail is not None and end > (own := self.own_length):
            entries += codec.part(self.tail.entries, max(0, start - own), end - own)
        return entries

    def post_numbers(self, start: int, end: int) -> list[int]:
        """The post numbers between two offsets, as far as they are prepared."""
        return codec.post_numbers_of(self.entries(start, end))

    def prepare(self, entries: bytes, rest: bytes) -> None:
        """Append these entries to the prepared part of the list; `rest` is what remains of it."""
        chain, frozen = self.chain, self.chain.frozen
        frozen = frozen.with_entries(frozen.entries + entries)
        self.chain = Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=rest)
        self.is_rewritten = True

    def put_tail(self, tail: Tail) -> None:
        """Set the tail that follows the list."""
        self.tail = tail

    def prepare_tail(self, visibility: VisibilityFilter) -> None:
        """Prepare more of the tail."""
        assert self.tail is not None
        before, at_most = self.chain.frozen.entries, self.wanted_of_tail
        self.tail, self.is_rewritten = extend_tail(self.tail, before, self.seen(), visibility, at_most=at_most), True

    def seen(self, *, all_from: int = NEVER) -> SeenPosts:
        """What the user has seen; from `all_from` posts on, that may be everything there is (see `SeenPosts`).

        Nothing in `latest`, which shows what is newest whether seen or not.
        """
        if self.seen_rows is None:
            state = self.state if self.chain.frozen.source is not Source.LATEST else without_seen(self.state)
            self.seen_rows = SeenPosts(state, all_from=all_from)
        return self.seen_rows

    @property
    def wanted_of_tail(self) -> int:
        """How many more posts of the tail are prepared at once.

        Two pages for a first page; more for later pages, growing with the position. If none of the prepared posts may
        be shown, four times as many are prepared.
        """
        ready = len(self.tail) if self.tail else 0
        return max((PAGES_OF_TAIL if self.position else PAGES) * self.request.limit + MARGIN, self.position, 4 * ready)

    def lacks_tail(self, offset: int, room: int, *, includes_seen: bool) -> bool:
        """Whether more of the tail must be prepared for a page that needs this many posts from an offset on."""
        tail = self.tail
        if tail is None or not tail.rest or (not includes_seen and tail.unseen < len(tail)):
            return False
        return self.whole_length - offset <= room

    def settle(self) -> None:
        """Move what was served to the beginning of the chain, leave out what was dropped, and advance the position."""
        start, end = self.position, self.position + len(self.chosen)
        self.position = end
        is_in_order = self.chosen == list(range(start, end))
        if is_in_order and (end <= self.own_length or self.tail is None or not self.tail.rest):
            return  # dropped posts are behind the page: the next page checks them again
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
            begin = max(start, own_length)  # offset where the rest of the tail begins
            unseen = max(0, unseen_length - begin) - sum(begin <= offset < unseen_length for offset in taken)
            entries = _rest(both, begin, codec.length_of(both), taken)
            self.tail = Tail(unseen=unseen, entries=entries, rest=self.tail.rest)
        self.chosen, self.dropped, self.is_rewritten = [], set(), True

    def _move_up(self, served: int) -> None:
        """Move the first posts of the tail, which were served, to the end of the list."""
        tail, chain = self.tail, self.chain
        assert tail is not None
        frozen = chain.frozen.with_entries(chain.frozen.entries + codec.part(tail.entries, 0, served))
        self.chain = Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)
        unseen, entries = max(0, tail.unseen - served), codec.part(tail.entries, served)
        self.tail = Tail(unseen=unseen, entries=entries, rest=tail.rest)
        self.chosen, self.dropped, self.is_rewritten = [], set(), True


def _rest(entries: bytes, start: int, end: int, taken: Sequence[int]) -> bytes:
    """The entries between two offsets, without those at the taken offsets (ascending)."""
    inside = [offset - start for offset in taken if start <= offset < end]
    return codec.without(codec.part(entries, start, max(start, end)), inside)
