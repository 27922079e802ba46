"""One page: which list, frozen where, filtered by what, and what comes when a list is used up.

A chain is a frozen list and a position in it. Its first page freezes the user's list; pages leave out what the user has
seen, and put new posts into the reserved slots. When it is used up, a *tail* is frozen behind it: everyone's list, the
newest posts, older ones, then what the user has seen, the longest ago first. A page walks on, leaves out what must not
be shown now, and puts off what would stand too close to its like (`timeline.feed.author_spacing`). Where it ended is
noted, so that a repeated cursor gives the same page.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec.structs import replace

from shared.db.newest import viewer_of
from shared.domain import Source, author_hash
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable, WritesRefused
from shared.ranked_lists import codec, cursor, keys
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.page_store import ConcurrentPage, FirstPage, NextPage, UserErased
from shared.ranked_lists.records import NONCE_BYTES, Chain, SeenRecord
from shared.ranked_lists.timeline_store import UserState
from shared.signing import SigningKeys
from timeline.feed.chain_page import ChainPage
from timeline.feed.fallbacks import Fallbacks
from timeline.feed.feed_id import feed_id
from timeline.feed.prepare_list import ListPreparer
from timeline.feed.records import Page, PageRequest
from timeline.feed.select_posts import PostSelector
from timeline.feed.tail import NEVER, SeenPosts
from timeline.feed.unrecorded_pages import is_later_state, lacks_record, with_unrecorded, without_seen
from timeline.stores.budgets import RequestBudget
from timeline.stores.resources import FeedResources

TRIES = 3  # a page that another request of the same chain overtook is worked out again


class Feed:
    """Serves pages. Holds the stores, and the process's own copies for when they are away."""

    def __init__(self, resources: FeedResources, *, signing_keys: SigningKeys) -> None:
        self._resources, self._keys = resources, signing_keys
        self._reader, self._stores, self._local_chains = resources.reader, resources.stores, resources.local_chains
        self._page_writer = resources.page_writer
        self._sources = Fallbacks(resources)
        self._selector = PostSelector(resources, self._sources, ListPreparer(resources))

    async def page(self, request: PageRequest) -> Page:
        """A page for this user: always, from the best source that answers.

        Raises:
            ForgedCursor: the cursor is not one that this service gave to this user.
        """
        place = self.require_own_cursor(request)
        if place is not None:
            place = self._with_present_slot(request.user_id, place)
        budget = self._stores.budget()
        for left in reversed(range(TRIES)):
            try:
                return await self._page(request, place, budget, is_last_try=not left)
            except ConcurrentPage:
                self._resources.metrics.overtaken()
            except WritesRefused:  # what Redis told of blocks and deletions may be out of date: PostgreSQL decides
                budget.ask_database_instead()
                return await self._page(request, place, budget, is_last_try=True)
            except UserErased:  # nothing is kept of them, so there is no chain to go on with
                self._local_chains.forget(request.user_id)
                break
        return await self._page(request, None, budget, is_kept=False)

    def require_own_cursor(self, request: PageRequest) -> Cursor | None:
        """The place that the cursor leads to, if there is a cursor.

        Raises:
            ForgedCursor: it is not one that this service gave to this user.
        """
        if request.cursor is None:
            return None
        return cursor.verify(request.cursor, user_id=request.user_id, keys=self._keys)

    async def _page(
        self,
        request: PageRequest,
        place: Cursor | None,
        budget: RequestBudget,
        *,
        is_last_try: bool = False,
        is_kept: bool = True,
    ) -> Page:
        state = await self._state(request.user_id, place, budget)
        walk = self._continue(request, state, place, budget)
        begins = walk is None
        if walk is None:
            ranked = self._sources.own_list(request.user_id, state) if place is None else None
            if ranked is not None:
                walk = self._begin(request, state, budget, ranked)
            else:
                walk = await self._begin_anew(request, state, place, budget)
        start, recorded_end = walk.position, walk.chain.end_of_page(walk.position)
        if recorded_end is not None:
            await self._selector.repeat(walk, recorded_end)
        else:
            await self._selector.fill(walk)
            walk.settle()
        has_more = walk.shows_next or await self._selector.has_more(walk)
        if recorded_end is not None:
            await self._ask_whether_it_could_write(walk)
            if not walk.is_on_record:
                budget.lacks_record = True
                walk.unrecorded = [*walk.unrecorded, *walk.post_numbers(start, walk.position)]
        elif is_kept:
            try:
                await self._remember(walk, begins=begins, is_last_try=is_last_try)
            except ConcurrentPage:
                if not is_last_try:
                    raise
        if budget.must_start_over:
            raise WritesRefused("Redis refused a write of this page")
        next_cursor = self._cursor_of(walk) if has_more and is_kept else None
        return self._finished(walk, start, next_cursor)

    async def _begin_anew(
        self, request: PageRequest, state: UserState, place: Cursor | None, budget: RequestBudget
    ) -> ChainPage:
        """A new chain, also where the one that a cursor names is gone: what was served of it is not served again."""
        if place is not None:
            self._resources.metrics.expired_cursor()
            if not budget.degraded:  # what was read for the chain does not hold the lists
                state = await self._state(request.user_id, None, budget)
        ranked = self._sources.own_list(request.user_id, state)
        if ranked is None:
            ranked = await self._sources.shared_list(has_redis="redis" not in budget.degraded)
        walk = self._begin(request, state, budget, ranked)
        if place is not None and not state.seen.visits:  # whoever has a cursor has been here: Redis lost its memory
            budget.lacks_record = True
        if place is not None and place.unrecorded:  # pages whose record was lost: they are at the new chain's head
            budget.lacks_record = True
            known = with_unrecorded(
                Chain(nonce=place.nonce, frozen=walk.chain.frozen, rest=walk.chain.rest), None, place
            )
            walk.chain, walk.position, walk.slot = known.chain, known.position, place.slot
            walk.unrecorded = place.unrecorded
        return walk

    async def _ask_whether_it_could_write(self, walk: ChainPage) -> None:
        """A repeated page writes nothing, and so would not learn that Redis refuses."""
        if walk.has_redis:
            with suppress(StoreUnavailable):
                await self._stores.redis_with_timeout(walk.budget, self._page_writer.check_writable)

    async def _state(self, user_id: str, place: Cursor | None, budget: RequestBudget) -> UserState:
        try:
            state = await self._stores.redis_with_timeout(
                budget, partial(self._reader.user, user_id, place, self._local_chains.viewer(user_id))
            )
        except StoreUnavailable:
            return await self._state_without_redis(user_id, budget)
        if self._stores.is_redis_behind or budget.asks_database:
            return await self._state_from_redis_behind(user_id, state, budget)
        self._local_chains.put_viewer(user_id, state.viewer, state.viewer_content)
        return state

    async def _state_from_redis_behind(self, user_id: str, state: UserState, budget: RequestBudget) -> UserState:
        """Lists and seen posts as Redis has them; what must not be shown as PostgreSQL says (or both last said)."""
        budget.note_degraded("redis")
        told = state.viewer
        viewer = (await self._state_without_redis(user_id, budget)).viewer
        if "postgresql" in budget.degraded:
            viewer = replace(
                viewer,
                hidden_authors=viewer.hidden_authors | told.hidden_authors,
                hidden_posts=viewer.hidden_posts | told.hidden_posts,
            )
        return replace(state, viewer=replace(viewer, seen_posts=told.seen_posts))

    async def _state_without_redis(self, user_id: str, budget: RequestBudget) -> UserState:
        viewer = self._known_viewer(user_id)
        with suppress(StoreUnavailable):
            since = datetime.now(UTC) - self._resources.window.window
            viewer = await self._stores.database(
                budget, partial(viewer_of, self._resources.database, user_id, since=since)
            )
            self._local_chains.put_viewer(user_id, viewer)
        return UserState(phase=None, packed_lists={}, viewer=viewer, seen=SeenRecord(), chain=None, tail=None)

    def _known_viewer(self, user_id: str) -> Viewer:
        """What this process knows of a user while no store can tell."""
        own = author_hash(user_id)
        local_chain = self._local_chains.viewer(user_id)
        known = local_chain.viewer if local_chain else Viewer()
        blocked = self._resources.snapshot.blocked.authors_of(own)
        return replace(known, hidden_authors=known.hidden_authors | blocked | {own})

    def _with_present_slot(self, user_id: str, place: Cursor) -> Cursor:
        """The cursor with the slot that its chain took later, where this process has served a later page of it."""
        local_chain = self._local_chains.get(user_id, place.nonce)
        if local_chain is None or place.position not in local_chain.chain.page_ends[:-1]:
            return place
        return replace(place, slot=local_chain.slot)

    def _continue(
        self, request: PageRequest, state: UserState, place: Cursor | None, budget: RequestBudget
    ) -> ChainPage | None:
        """The chain that a cursor names; None when there is no cursor, or its chain is gone (then a new one begins)."""
        if place is None:
            return None
        local_chain, held = self._local_chains.get(request.user_id, place.nonce), state.chain
        chain, tail, position = held, state.tail, place.position
        is_ahead = local_chain is not None and (held is None or is_later_state(local_chain.chain, held))
        if local_chain is not None and is_ahead:
            chain, tail = local_chain.chain, local_chain.tail
        if chain is None:
            return None
        if lacks_record(chain, tail, place):
            budget.lacks_record = is_ahead = True
            known = with_unrecorded(chain, tail, place)
            chain, tail, position = known.chain, known.tail, known.position
        was_recorded = held is not None or not place.unrecorded
        if not was_recorded and "redis" not in budget.degraded and chain.end_of_page(position) is None:
            chain, tail = without_seen(chain, tail, position, SeenPosts(state, all_from=NEVER).post_numbers), None
        return ChainPage(
            request=request, state=state, budget=budget, chain=chain, slot=place.slot, tail=tail,
            position=position, ends_in_redis=held.page_ends if held else (), is_rewritten=is_ahead,
            local_chain=local_chain, needs_slot=not was_recorded,
            unrecorded=place.unrecorded if place.unrecorded and lacks_record(held, state.tail, place) else (),
        )  # fmt: skip

    def _begin(self, request: PageRequest, state: UserState, budget: RequestBudget, ranked: RankedList) -> ChainPage:
        """A new chain of this list, frozen as it is; pages make it ready as they come near."""
        entries, length = ranked.entries, self._resources.lists.list_length
        if len(ranked) > length:  # a shared list: what the user has seen of it must not take the room of the others
            seen, post_numbers = SeenPosts(state, all_from=NEVER).post_numbers, codec.post_numbers_of(entries)
            entries = codec.without(entries, [place for place, number in enumerate(post_numbers) if number in seen])
            entries = codec.part(entries, 0, length)
        chain = Chain(nonce=os.urandom(NONCE_BYTES), frozen=ranked.with_entries(b""), rest=entries)
        slot = (state.seen.visits + 1) % keys.CHAIN_SLOTS
        return ChainPage(request=request, state=state, budget=budget, chain=chain, slot=slot, tail=None, position=0)

    def _cursor_of(self, walk: ChainPage) -> str | None:
        """The cursor of the page that follows."""
        if walk.position > cursor.MAX_POSITION:
            return None
        place = Cursor(
            slot=walk.slot, nonce=walk.chain.nonce, position=walk.position, unrecorded=tuple(walk.unrecorded)
        )
        return cursor.sign(place, user_id=walk.request.user_id, keys=self._keys)

    async def _remember(self, walk: ChainPage, *, begins: bool, is_last_try: bool) -> None:
        """Note where the page ended and what was served, in Redis and on this process's shelf.

        Raises:
            Overtaken: another request has served a page of this chain since it was read.
        """
        noted = walk.chain.with_end(walk.position)
        walk.unrecorded = [*walk.unrecorded, *walk.posts.post_numbers] if walk.unrecorded else walk.posts.post_numbers
        self._check_not_overtaken(walk)
        if walk.has_redis:
            with suppress(StoreUnavailable):  # the cursor carries them, and the page says what is missing
                has_slot = False
                if not begins:
                    has_slot = await self._stores.redis_with_timeout(
                        walk.budget, self._next_record(walk, noted, is_last_try=is_last_try)
                    )
                    if not has_slot:
                        self._check_not_overtaken(walk)
                if not has_slot:
                    walk.slot = await self._stores.redis_with_timeout(walk.budget, self._first_record(walk, noted))
                walk.unrecorded = ()
        if not walk.budget.must_start_over:
            self._local_chains.put(walk.request.user_id, noted, walk.tail, walk.slot)

    def _check_not_overtaken(self, walk: ChainPage) -> None:
        if self._local_chains.get(walk.request.user_id, walk.chain.nonce) is not walk.local_chain:
            raise ConcurrentPage

    def _first_record(self, walk: ChainPage, noted: Chain) -> Callable[[float], Awaitable[int]]:
        page = FirstPage(
            chain=noted, tail=walk.tail, served=walk.unrecorded, wants_list=self._wants_list(noted.frozen),
            visits=walk.state.seen.visits,
        )  # fmt: skip
        return partial(self._page_writer.begin_chain, walk.request.user_id, page)

    def _next_record(self, walk: ChainPage, noted: Chain, *, is_last_try: bool) -> Callable[[float], Awaitable[bool]]:
        page = NextPage(
            slot=walk.slot, chain=noted, tail=walk.tail, served=walk.unrecorded,
            ends_before=len(walk.ends_in_redis), is_rewritten=walk.is_rewritten, is_last_try=is_last_try,
            needs_slot=walk.needs_slot,
        )  # fmt: skip
        return partial(self._page_writer.end_page, walk.request.user_id, page)

    def _wants_list(self, ranked: RankedList) -> bool:
        """Whether a user who was served this list should get one of their own, or a new one, with the next run."""
        everyone = self._resources.snapshot.everyone
        is_old = everyone is not None and ranked.generation < everyone.generation
        return ranked.source is Source.EVERYONE or (ranked.source is Source.HEURISTIC and is_old)

    def _finished(self, walk: ChainPage, start: int, next_cursor: str | None) -> Page:
        frozen = walk.chain.frozen
        return Page(
            user_id=walk.request.user_id,
            source=frozen.source,
            posts=walk.posts,
            next_cursor=next_cursor,
            generated_at=frozen.generated_at,
            feed_id=feed_id(frozen, start, walk.chain.nonce, user_id=walk.request.user_id, keys=self._keys),
            degraded=walk.budget.degraded_stores(),
        )
