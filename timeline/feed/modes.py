"""The lists of all modes but `for_you`, and what follows their first posts."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from shared.domain import Mode, Source
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from timeline.feed.records import PageRequest
from timeline.feed.turned import turned
from timeline.stores.segments import IndexedList, merge_lists

if TYPE_CHECKING:
    from timeline.feed.chain_page import ChainPage
    from timeline.stores.budgets import RequestBudget
    from timeline.stores.older_posts import OlderPosts
    from timeline.stores.resources import FeedResources

SOURCE_OF_MODE = {Mode.FOLLOWING: Source.FOLLOWING, Mode.LATEST: Source.LATEST, Mode.EXPLORE: Source.EXPLORE}
IN_ORDER_OF_TIME = frozenset((Source.FOLLOWING, Source.LATEST))


class _Posts(NamedTuple):
    """Packed entries in a mode's order, and the run that they come from; 0: none."""

    entries: bytes
    generation: int
    generated_at: datetime


class ModeLists:
    """Lists by mode and tag, from Redis, from this process's copies, and from PostgreSQL."""

    def __init__(self, resources: "FeedResources", older: "OlderPosts") -> None:
        self._store, self._stores, self._facts = resources.modes, resources.stores, resources.post_facts
        self._snapshot, self._older, self._followed = resources.snapshot, older, resources.followed

    async def first(self, request: PageRequest, budget: "RequestBudget") -> RankedList | None:
        """The list that a chain begins with; None if no store tells what it would be, which is not an empty one."""
        posts = await self._posts(request, budget)
        if posts is None:
            return None
        assert request.mode is not None
        at = posts.generated_at.replace(microsecond=0)  # as a chain in Redis has it: a repeated page says the same
        return RankedList(
            source=SOURCE_OF_MODE[request.mode], generation=posts.generation, generated_at=at, entries=posts.entries
        )

    async def rest(self, page: "ChainPage") -> IndexedList:
        """All posts that may follow a chain's list; what came after the chain had begun waits for the next one."""
        source, frozen = page.chain.frozen.source, codec.post_numbers_of(page.chain.frozen.entries)
        posts = await self._posts(page.request, page.budget, includes_older=True)
        indexed = merge_lists([posts.entries] if posts is not None else [])
        if source not in IN_ORDER_OF_TIME:
            return indexed
        in_chain, numbers = frozenset(frozen), [*indexed.index]
        last = max((at for at, number in enumerate(numbers) if number in in_chain), default=-1)
        seen = page.seen().post_numbers
        if source is Source.LATEST and last < 0:  # it goes on after a chain that was lost, which had shown all these
            shown = {*page.state.viewer.seen_posts, *page.state.seen.post_numbers}
            last = max((at for at, number in enumerate(numbers) if number in shown), default=-1)
        kept = [at for at, number in enumerate(numbers) if at > last or number in seen]
        return merge_lists([codec.pick(indexed.packed, kept)])

    async def _posts(
        self, request: PageRequest, budget: "RequestBudget", *, includes_older: bool = False
    ) -> _Posts | None:
        """The posts of a mode and a tag, `everyone_length` at most, and older ones if they are wanted."""
        tag = request.tag
        match request.mode:
            case Mode.EXPLORE if tag is not None:
                posts = await self._of_tag(tag, budget)
            case Mode.EXPLORE:
                posts = self._of_everyone()
            case Mode.LATEST:
                posts = await self._latest(budget, includes_older=includes_older)
            case _:
                posts = await self._following(request.user_id, budget)
        if posts is not None and tag is not None and request.mode is not Mode.EXPLORE:
            posts = await self._only_tagged(posts, tag, budget)
        if posts is not None and request.mode is Mode.EXPLORE:
            posts = posts._replace(entries=turned(posts.entries, request.user_id, today()))
        return posts

    def _of_everyone(self) -> _Posts | None:
        everyone = self._snapshot.everyone
        if everyone is None:
            return None
        return _Posts(everyone.entries, everyone.generation, everyone.generated_at)

    async def _of_tag(self, tag: str, budget: "RequestBudget") -> _Posts | None:
        """The tag's own list; for a tag without one (few posts have it), those among the posts of shared lists."""
        with_list = await self._list_of_tag(tag, budget)
        if with_list is not None:
            return with_list
        shared, everyone = self._snapshot.shared(), self._snapshot.everyone
        if not len(shared):
            return None
        at = everyone.generated_at if everyone is not None else datetime.now(UTC)
        posts = _Posts(shared.packed, everyone.generation if everyone is not None else 0, at)
        return await self._only_tagged(posts, tag, budget)

    async def _list_of_tag(self, tag: str, budget: "RequestBudget") -> _Posts | None:
        try:
            ranked = await self._stores.redis_with_timeout(budget, lambda within: self._store.list_of_tag(tag, within))
        except StoreUnavailable:
            return None
        return None if ranked is None else _Posts(ranked.entries, ranked.generation, ranked.generated_at)

    async def _latest(self, budget: "RequestBudget", *, includes_older: bool) -> _Posts | None:
        newest, oldest = self._snapshot.newest, self._snapshot.oldest
        if newest is None:
            return None
        if "postgresql" in self._snapshot.missing:  # there may be newer ones
            budget.note_degraded("postgresql")
        entries = newest.entries
        if includes_older and oldest is not None:
            entries += await self._older.packed(budget, older_than=oldest)
        return _Posts(entries, 0, newest.generated_at)

    async def _following(self, user_id: str, budget: "RequestBudget") -> _Posts | None:
        entries = await self._followed.entries(user_id, budget)
        return None if entries is None else _Posts(entries, 0, datetime.now(UTC))

    async def _only_tagged(self, posts: _Posts, tag: str, budget: "RequestBudget") -> _Posts | None:
        """Those with the tag; None if none of them is known to have it, and not all could be asked."""
        numbers = codec.post_numbers_of(posts.entries)
        tagged = frozenset(await self._facts.with_tag(tag, numbers, budget))
        if not tagged and "postgresql" in budget.degraded:
            return None
        kept = [at for at, number in enumerate(numbers) if number in tagged]
        return posts._replace(entries=codec.pick(posts.entries, kept))


def today() -> date:
    """The day of `explore`, in UTC."""
    return datetime.now(UTC).date()
