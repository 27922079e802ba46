"""One page of a chain: which list it comes from, what is filtered out, and what follows a list that is used up.

A chain is a frozen list and a position in it. Its first page freezes the user's list. Pages leave out what the user has
seen, and put new posts into the reserved slots. When the list is used up, a *tail* is frozen behind it: everyone's
list, the newest posts, older ones, then what the user has seen, the longest ago first. A page starts where the page
before it ended, leaves out what must not be shown now, and defers posts that are too close to one of the same author or
photo (`shared.spacing`). Where it ended is recorded, so that a repeated cursor gives the same page.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec.structs import replace

from shared.db.newest import viewer_of
from shared.domain import Mode, Source, author_hash
from shared.eligibility import Viewer, stricter
from shared.errors import StoreUnavailable, WritesRefused
from shared.ranked_lists import codec, keys
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import MAX_POSITION, Cursor, CursorOfAnotherMode, sign, verify
from shared.ranked_lists.page_store import ConcurrentPage, FirstPage, NextPage, UserErased
from shared.ranked_lists.records import MODE_VISIT, NONCE_BYTES, Chain, SeenRecord
from shared.ranked_lists.repeatable_pages import AlreadyBegun
from shared.ranked_lists.timeline_store import UserState
from shared.signing import SigningKeys
from timeline.feed.chain_page import ChainPage
from timeline.feed.fallbacks import Fallbacks
from timeline.feed.feed_id import feed_id
from timeline.feed.modes import ModeLists
from timeline.feed.prepare_list import ListPreparer
from timeline.feed.records import Page, PagePosts, PageRequest
from timeline.feed.repeated_requests import begun_before, request_mark, without_id
from timeline.feed.select_posts import PostSelector
from timeline.feed.tail import NEVER, SeenPosts
from timeline.feed.unrecorded_pages import is_later_state, lacks_record, with_unrecorded, without_seen
from timeline.stores.budgets import RequestBudget
from timeline.stores.older_posts import OlderPosts
from timeline.stores.resources import FeedResources

OWN_SOURCES = (Source.NEUCF, Source.HEURISTIC)
TRIES = 3  # a page is computed again if another request of the same chain was quicker


class Feed:
    """Serves pages from the stores, and from the process's own copies while a store is away."""

    def __init__(self, resources: FeedResources, *, signing_keys: SigningKeys) -> None:
        self._resources, self._keys = resources, signing_keys
        self._reader, self._stores, self._local_chains = resources.reader, resources.stores, resources.local_chains
        self._page_writer = resources.page_writer
        older = OlderPosts(
            database=resources.database, stores=resources.stores, snapshot=resources.snapshot, lists=resources.lists
        )
        self.sources = Fallbacks(resources, older, ModeLists(resources, older))
        self.selector = PostSelector(resources, self.sources, ListPreparer(resources))

    async def page(self, request: PageRequest) -> Page:
        """A page for this user; there always is one, from the best source that answers.

        Raises:
            ForgedCursor: the cursor is not one that this service gave to this user.
            CursorOfAnotherMode: the request names another mode or tag than the cursor's.
        """
        cursor = self.require_own_cursor(request)
        if cursor is not None:
            if cursor.mode is not Mode.FOR_YOU:
                request = replace(request, mode=cursor.mode, tag=cursor.tag)
            cursor = self._with_present_slot(request.user_id, cursor)
        budget = self._stores.new_budget()
        if request.request_id is not None and cursor is None:
            cursor = await begun_before(request, budget, stores=self._stores, reader=self._reader)
        for left in reversed(range(TRIES)):
            try:
                return await self._page(request, cursor, budget, is_last_try=not left)
            except AlreadyBegun as before:
                cursor = before.cursor
                if left == 1:  # the last try may begin a chain of its own
                    request = without_id(request)
            except ConcurrentPage:
                self._resources.metrics.overtaken()
            except WritesRefused:  # blocks and deletions in Redis may be out of date
                budget.ask_database_instead()
                return await self._page(request, cursor, budget, is_last_try=True)
            except UserErased:  # nothing is kept of the user, so no chain can be continued
                self._local_chains.forget(request.user_id)
                break
        return await self._page(request, None, budget, is_kept=False)

    async def state(self, user_id: str, budget: RequestBudget) -> UserState:
        """What is known of a user, from the best store that answers: for surfaces that have no chain.

        They write nothing, so it is asked whether Redis takes writes: one that refuses them lacks what was done since.
        """
        state = await self._state(user_id, None, budget)
        await self.check_writable(budget)
        if not budget.must_start_over:
            return state
        budget.ask_database_instead()
        return await self._state(user_id, None, budget)

    def require_own_cursor(self, request: PageRequest) -> Cursor | None:
        """The decoded cursor of the request; None for a first page.

        Raises:
            ForgedCursor: it is not one that this service gave to this user.
            CursorOfAnotherMode: the request names another mode or tag than the cursor's.
        """
        if request.cursor is None:
            return None
        cursor = verify(request.cursor, user_id=request.user_id, keys=self._keys)
        if request.mode not in (None, cursor.mode) or request.tag not in (None, cursor.tag):
            raise CursorOfAnotherMode(cursor.mode)
        return cursor

    async def viewer_state(self, user_id: str, budget: RequestBudget) -> UserState:
        """What is withheld from a user, for an answer that belongs to no chain: it knows neither lists nor seen posts.

        What Redis refused before is not asked of it again: then PostgreSQL decides.
        """
        if budget.must_start_over:
            budget.ask_database_instead()
        state = await self._state(user_id, None, budget)
        viewer = replace(state.viewer, seen_posts=frozenset())
        no_lists = dict.fromkeys(state.packed_lists)
        return replace(state, viewer=viewer, packed_lists=no_lists, seen=SeenRecord(), chain=None, tail=None)

    async def single_page(
        self, request: PageRequest, ranked: RankedList, state: UserState, budget: RequestBudget
    ) -> tuple[PagePosts, Source | None]:
        """A page of this list, and of the shared lists once it is used up. Nothing is recorded of it.

        Returns the posts, and the source of the shared lists if there is no post of the list itself.
        """
        shared = await self.sources.shared_list(has_redis="redis" not in budget.degraded)
        page = ChainPage(
            request=request, state=state, budget=budget, chain=Chain(nonce=b"", frozen=ranked), slot=0, tail=None,
            position=0,
        )  # fmt: skip
        if state.viewer.rules:
            await self.sources.judge_chain(page)
        await self.selector.fill(page)
        has_own = any(offset < page.own_length for offset in page.chosen)
        return page.posts, None if has_own else shared.source

    async def check_writable(self, budget: RequestBudget) -> None:
        """Find out whether Redis refuses writes, for an answer without one; the budget is told."""
        with suppress(StoreUnavailable):
            await self._stores.redis_with_timeout(budget, self._page_writer.check_writable)

    async def _page(
        self,
        request: PageRequest,
        cursor: Cursor | None,
        budget: RequestBudget,
        *,
        is_last_try: bool = False,
        is_kept: bool = True,
    ) -> Page:
        state = await self._state(request.user_id, cursor, budget)
        page = self._continue(request, state, cursor, budget)
        starts_chain = page is None
        if page is None:
            is_own = cursor is None and not request.has_mode
            ranked = self.sources.own_list(request.user_id, state) if is_own else None
            if ranked is not None:
                page = self._begin(request, state, budget, ranked)
            else:
                page = await self._begin_anew(request, state, cursor, budget)
        if state.viewer.rules:
            await self.sources.judge_chain(page)
        start, recorded_end = page.position, page.chain.end_of_page(page.position)
        if recorded_end is not None:
            await self.selector.repeat(page, recorded_end)
        else:
            await self.selector.fill(page)
            page.settle()
        has_more = page.shows_next or await self.selector.has_more(page)
        if recorded_end is not None:
            await self._check_writable(page)
            if not page.is_on_record:
                budget.lacks_record = True
                page.unrecorded = [*page.unrecorded, *page.post_numbers(start, page.position)]
        elif is_kept:
            try:
                await self._record(page, starts_chain=starts_chain, is_last_try=is_last_try)
            except ConcurrentPage:
                if not is_last_try:
                    raise
        if budget.must_start_over:
            raise WritesRefused("Redis refused a write of this page")
        next_cursor = self._cursor_of(page) if has_more and is_kept else None
        return self._finished(page, start, next_cursor)

    async def _begin_anew(
        self, request: PageRequest, state: UserState, cursor: Cursor | None, budget: RequestBudget
    ) -> ChainPage:
        """A new chain, also for a cursor whose chain is gone; the posts that its pages served do not come again."""
        if cursor is not None:
            self._resources.metrics.expired_cursor()
            if not budget.degraded:  # the state that was read for the cursor's chain holds no lists
                state = await self._state(request.user_id, None, budget)
        ranked = await self._first_list(request, state, budget)
        page = self._begin(request, state, budget, ranked, goes_on=request.cursor is not None)
        page.known = cursor
        if cursor is not None and not state.seen.visits:  # a cursor proves a visit: Redis lost its memory
            budget.lacks_record = True
        if cursor is not None and cursor.unrecorded:  # served, but not recorded: they come first in the new chain
            budget.lacks_record = True
            known = with_unrecorded(
                Chain(nonce=cursor.nonce, frozen=page.chain.frozen, rest=page.chain.rest), None, cursor
            )
            page.chain, page.position, page.slot = known.chain, known.position, cursor.slot
            page.unrecorded = cursor.unrecorded
        return page

    async def _first_list(self, request: PageRequest, state: UserState, budget: RequestBudget) -> RankedList:
        if request.has_mode:
            return await self.sources.list_of_mode(request, budget)
        ranked = self.sources.own_list(request.user_id, state)
        if ranked is None:
            ranked = await self.sources.shared_list(has_redis="redis" not in budget.degraded)
        return ranked

    async def _check_writable(self, page: ChainPage) -> None:
        """Find out whether Redis refuses writes; a repeated page does not write, so it would not notice."""
        if page.has_redis:
            with suppress(StoreUnavailable):
                await self._stores.redis_with_timeout(page.budget, self._page_writer.check_writable)

    async def _state(self, user_id: str, cursor: Cursor | None, budget: RequestBudget) -> UserState:
        try:
            state = await self._stores.redis_with_timeout(
                budget, partial(self._reader.user, user_id, cursor, self._local_chains.viewer(user_id))
            )
        except StoreUnavailable:
            return await self._state_without_redis(user_id, budget)
        if self._stores.is_redis_behind or budget.asks_database:
            return await self._state_from_redis_behind(user_id, state, budget)
        self._local_chains.put_viewer(user_id, state.viewer, state.viewer_content)
        return state

    async def _state_from_redis_behind(self, user_id: str, state: UserState, budget: RequestBudget) -> UserState:
        """Lists and seen posts from Redis; blocks and hides from PostgreSQL, or the last known ones of both."""
        budget.note_degraded("redis")
        from_redis = state.viewer
        viewer = (await self._state_without_redis(user_id, budget)).viewer
        if "postgresql" in budget.degraded:
            viewer = stricter(viewer, from_redis)
        return replace(state, viewer=replace(viewer, seen_posts=from_redis.seen_posts))

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
        """What this process last knew of a user, for when no store answers."""
        own_hash = author_hash(user_id)
        cached = self._local_chains.viewer(user_id)
        viewer = cached.viewer if cached else Viewer()
        blocked = self._resources.snapshot.blocked.authors_of(own_hash)
        return replace(viewer, hidden_authors=viewer.hidden_authors | blocked | {own_hash})

    def _with_present_slot(self, user_id: str, cursor: Cursor) -> Cursor:
        """The cursor with its chain's newest slot, if this process has served a later page of the chain."""
        local_chain = self._local_chains.get(user_id, cursor.nonce)
        if local_chain is None or cursor.position not in local_chain.chain.page_ends[:-1]:
            return cursor
        return replace(cursor, slot=local_chain.slot)

    def _continue(
        self, request: PageRequest, state: UserState, cursor: Cursor | None, budget: RequestBudget
    ) -> ChainPage | None:
        """The chain that a cursor names; None without a cursor, or if its chain is gone: then a new one begins.

        A chain of a user's own list is gone for who is not personalised any more.
        """
        if cursor is None:
            return None
        local_chain, held = self._local_chains.get(request.user_id, cursor.nonce), state.chain
        chain, tail, position = held, state.tail, cursor.position
        is_ahead = local_chain is not None and (held is None or is_later_state(local_chain.chain, held))
        if local_chain is not None and is_ahead:
            chain, tail = local_chain.chain, local_chain.tail
        if chain is None or (chain.frozen.source in OWN_SOURCES and not state.viewer.is_personalised):
            return None
        if lacks_record(chain, tail, cursor):
            budget.lacks_record = is_ahead = True
            known = with_unrecorded(chain, tail, cursor)
            chain, tail, position = known.chain, known.tail, known.position
        was_recorded = held is not None or not cursor.unrecorded
        is_new_to_redis = not was_recorded and "redis" not in budget.degraded
        if is_new_to_redis and chain.frozen.source is not Source.LATEST and chain.end_of_page(position) is None:
            chain, tail = without_seen(chain, tail, position, SeenPosts(state, all_from=NEVER).post_numbers), None
        return ChainPage(
            request=request, state=state, budget=budget, chain=chain, slot=cursor.slot, tail=tail,
            position=position, ends_in_redis=held.page_ends if held else (), is_rewritten=is_ahead,
            local_chain=local_chain, needs_slot=not was_recorded,
            unrecorded=cursor.unrecorded if cursor.unrecorded and lacks_record(held, state.tail, cursor) else (),
        )  # fmt: skip

    def _begin(
        self,
        request: PageRequest,
        state: UserState,
        budget: RequestBudget,
        ranked: RankedList,
        *,
        goes_on: bool = False,
    ) -> ChainPage:
        """A new chain of this list, frozen as it is; it is prepared page by page (`timeline.feed.prepare_list`).

        If it goes on where another chain was lost, what that one has shown is left out, in `latest` too.
        """
        entries, length = ranked.entries, self._resources.lists.list_length
        if ranked.source is Source.LATEST and not goes_on:
            entries = codec.part(entries, 0, length)
        elif len(ranked) > length or ranked.source is Source.LATEST:
            # A shared list: seen posts are left out first, so that `length` unseen ones remain.
            seen, post_numbers = SeenPosts(state, all_from=NEVER).post_numbers, codec.post_numbers_of(entries)
            entries = codec.without(entries, [index for index, number in enumerate(post_numbers) if number in seen])
            entries = codec.part(entries, 0, length)
        chain = Chain(nonce=os.urandom(NONCE_BYTES), frozen=ranked.with_entries(b""), rest=entries)
        visits = state.seen.visits + (MODE_VISIT if request.has_mode else 1)
        slot = keys.slot_of(visits, is_mode=request.has_mode)
        return ChainPage(request=request, state=state, budget=budget, chain=chain, slot=slot, tail=None, position=0)

    def _cursor_of(self, page: ChainPage) -> str | None:
        """The cursor of the page that follows."""
        if page.position > MAX_POSITION:
            return None
        request = page.request
        next_page = Cursor(
            slot=page.slot, nonce=page.chain.nonce, position=page.position, unrecorded=tuple(page.unrecorded),
            mode=request.mode or Mode.FOR_YOU, tag=request.tag,
        )  # fmt: skip
        return sign(next_page, user_id=page.request.user_id, keys=self._keys)

    async def _record(self, page: ChainPage, *, starts_chain: bool, is_last_try: bool) -> None:
        """Record where the page ended and what was served, in Redis and in this process's copy of the chain.

        Raises:
            ConcurrentPage: another request has served a page of this chain since it was read.
        """
        recorded = page.chain.with_end(page.position)
        page.unrecorded = [*page.unrecorded, *page.posts.post_numbers] if page.unrecorded else page.posts.post_numbers
        self._check_not_overtaken(page)
        if page.has_redis:
            with suppress(StoreUnavailable):  # the cursor carries the unrecorded posts, and the page says `degraded`
                has_slot = False
                if not starts_chain:
                    has_slot = await self._stores.redis_with_timeout(
                        page.budget, self._next_record(page, recorded, is_last_try=is_last_try)
                    )
                    if not has_slot:
                        self._check_not_overtaken(page)
                if not has_slot:
                    page.slot = await self._stores.redis_with_timeout(page.budget, self._first_record(page, recorded))
                page.unrecorded = ()
        if not page.budget.must_start_over:
            self._local_chains.put(page.request.user_id, recorded, page.tail, page.slot)

    def _check_not_overtaken(self, page: ChainPage) -> None:
        if self._local_chains.get(page.request.user_id, page.chain.nonce) is not page.local_chain:
            raise ConcurrentPage

    def _first_record(self, page: ChainPage, recorded: Chain) -> Callable[[float], Awaitable[int]]:
        record = FirstPage(
            chain=recorded, tail=page.tail, served=_newly_seen(page), wants_list=self._wants_list(recorded.frozen),
            visits=page.state.seen.visits, is_mode=page.request.has_mode,
            request=request_mark(page.request, page.known),
        )  # fmt: skip
        return partial(self._page_writer.begin_chain, page.request.user_id, record)

    def _next_record(
        self, page: ChainPage, recorded: Chain, *, is_last_try: bool
    ) -> Callable[[float], Awaitable[bool]]:
        record = NextPage(
            slot=page.slot, chain=recorded, tail=page.tail, served=_newly_seen(page),
            ends_before=len(page.ends_in_redis), is_rewritten=page.is_rewritten, is_last_try=is_last_try,
            needs_slot=page.needs_slot,
        )  # fmt: skip
        return partial(self._page_writer.end_page, page.request.user_id, record)

    def _wants_list(self, ranked: RankedList) -> bool:
        """Whether the next run should make a list, or a newer one, for a user who was served this one."""
        everyone = self._resources.snapshot.everyone
        is_old = everyone is not None and ranked.generation < everyone.generation
        return ranked.source is Source.EVERYONE or (ranked.source is Source.HEURISTIC and is_old)

    def _finished(self, page: ChainPage, start: int, next_cursor: str | None) -> Page:
        frozen = page.chain.frozen
        return Page(
            user_id=page.request.user_id,
            source=frozen.source,
            posts=page.posts,
            next_cursor=next_cursor,
            generated_at=frozen.generated_at,
            feed_id=feed_id(frozen, start, page.chain.nonce, user_id=page.request.user_id, keys=self._keys),
            degraded=page.budget.degraded_stores(),
        )


def _newly_seen(page: ChainPage) -> Sequence[int]:
    """The served posts that are recorded as seen.

    `latest` shows the same posts at each visit: recorded each time, they would push all others out of the record.
    """
    if page.chain.frozen.source is not Source.LATEST:
        return page.unrecorded
    known = frozenset(page.state.seen.post_numbers)
    return [number for number in page.unrecorded if number not in known]
