"""Posts that are similar to one: its neighbours as published, less what must not be shown, filled up as a page is.

They are a page without a chain: chosen by the same rules and from the same fallbacks (`timeline.feed.select_posts`,
`timeline.feed.fallbacks`), but nothing is recorded, and seen posts may appear. Whoever may not see the post that is
asked about gets the answer of a post that does not exist, after the same reads. While no store can say which of both
it is, the answer does not depend on the post at all.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from shared.db.asked_post import AskedPost, find_post
from shared.domain import author_hash
from shared.eligibility import Viewer, may_show
from shared.errors import StoreUnavailable
from shared.ranked_lists.neighbours import Neighbours
from shared.ranked_lists.records import NONCE_BYTES, Chain, SeenRecord
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.chain_page import ChainPage
from timeline.feed.fallbacks import Fallbacks
from timeline.feed.records import PagePosts, PageRequest
from timeline.feed.select_posts import PostSelector
from timeline.stores.budgets import RequestBudget
from timeline.stores.resources import FeedResources

CONTENT = "content"  # the source of an answer that has neighbours in it
STRANGER = ""  # whom nothing is withheld from but what is from everybody; no user has an empty id

ReadState = Callable[[str, RequestBudget], Awaitable[UserState]]


class SimilarRequest(Struct, kw_only=True, gc=False):
    """What a client asks for."""

    post_id: str
    user_id: str | None  # whose rules hold; None: a stranger's
    limit: int


class SimilarAnswer(Struct, kw_only=True, gc=False):
    """What a client gets."""

    posts: PagePosts
    source: str
    degraded: tuple[str, ...]


class SimilarFeed:
    """Answers from the stores, and from the process's own copies while a store is away."""

    def __init__(
        self, resources: FeedResources, *, sources: Fallbacks, selector: PostSelector, read_state: ReadState
    ) -> None:
        """
        Args:
            resources: shared with the feed, as the other arguments.
            sources: where posts come from when there are no similar ones.
            selector: chooses the posts that may be shown.
            read_state: what a user must not be shown, from the best store that answers (`Feed.state`).
        """
        self._reader, self._stores, self._database = resources.reader, resources.stores, resources.database
        self._facts, self._read_state = resources.post_facts, read_state
        self._sources, self._selector = sources, selector

    async def answer(self, request: SimilarRequest) -> SimilarAnswer | None:
        """The similar posts; None if there is no such post that the caller may see."""
        budget = self._stores.new_budget()
        state = await self._read_state(request.user_id or STRANGER, budget)
        neighbours, number = await self._neighbours(request, state.viewer, budget), None
        if neighbours is not None:
            number = neighbours.post_number
        else:
            with suppress(StoreUnavailable):
                asked = await self._stores.database(budget, partial(self._find, request))
                if asked is None or not self._may_see(asked, request, state.viewer):
                    return None
                number = asked.post_number
        return await self._chosen(request, state, neighbours, number, budget)

    async def _neighbours(self, request: SimilarRequest, viewer: Viewer, budget: RequestBudget) -> Neighbours | None:
        """What Redis has, if it also shows that the caller may see the post."""
        if budget.asks_database:  # Redis lacks what was done lately
            return None
        try:
            held = await self._stores.redis_with_timeout(budget, partial(self._reader.neighbours, request.post_id))
        except StoreUnavailable:
            return None
        if held is None or self._reader.withheld.withholds(held.post_number, held.author):
            return None
        if held.author == _own(request):
            return held
        if not may_show(viewer, post_number=held.post_number, author=held.author):
            return None
        if viewer.rules:
            await self._facts.withheld(viewer.rules, {held.post_number}, budget)
            if self._facts.hides(viewer.rules, held.post_number):  # or PostgreSQL does not tell
                return None
        return held

    def _find(self, request: SimilarRequest) -> AskedPost | None:
        return find_post(self._database, request.post_id, user_id=request.user_id, now=datetime.now(UTC))

    def _may_see(self, asked: AskedPost, request: SimilarRequest, viewer: Viewer) -> bool:
        """Whether the caller may see a post that PostgreSQL has."""
        number = asked.post_number or 0  # of no post
        if self._reader.withheld.withholds(number, asked.author):
            return False
        is_shown = may_show(viewer, post_number=number, author=asked.author)
        return asked.author == _own(request) or (
            is_shown and not asked.is_hidden and not viewer.rules.withhold(asked.says)
        )

    async def _chosen(
        self,
        request: SimilarRequest,
        state: UserState,
        neighbours: Neighbours | None,
        number: int | None,
        budget: RequestBudget,
    ) -> SimilarAnswer:
        viewer, itself = state.viewer, frozenset(() if number is None else (number,))
        # Posts that were seen may appear, and the user's own lists have nothing to say here.
        viewer = replace(
            viewer, hidden_posts=viewer.hidden_posts | itself, seen_posts=frozenset(), is_personalised=False
        )
        shared = await self._sources.shared_list(has_redis="redis" not in budget.degraded)
        page = ChainPage(
            request=PageRequest(
                user_id=request.user_id or STRANGER, limit=request.limit,
                exclude=frozenset(() if itself else (request.post_id,)),
            ),
            state=replace(state, viewer=viewer, seen=SeenRecord(), packed_lists={}),
            budget=budget,
            chain=Chain(
                nonce=bytes(NONCE_BYTES),
                frozen=shared if neighbours is None else shared.with_entries(neighbours.entries),
            ),
            slot=0, tail=None, position=0,
        )  # fmt: skip
        if viewer.rules:
            await self._sources.judge_chain(page)
        await self._selector.fill(page)
        n_neighbours = 0 if neighbours is None else len(neighbours)
        has_neighbours = any(offset < n_neighbours for offset in page.chosen)
        return SimilarAnswer(
            posts=page.posts, source=CONTENT if has_neighbours else shared.source.value,
            degraded=budget.degraded_stores(),
        )  # fmt: skip


def _own(request: SimilarRequest) -> int | None:
    """The hash of the caller as an author: they may ask about their own posts."""
    return None if request.user_id is None else author_hash(request.user_id)
