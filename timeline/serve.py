"""One page: which list, frozen where, filtered by what, and what comes when a list is used up.

A chain is a frozen list and a position in it. Its first page freezes the user's list less what they have seen, with new
posts in the reserved slots; when that is used up, a *tail* is frozen behind it: everyone's list, the newest posts,
older ones, then what the user has seen, the longest ago first. A page walks on, leaves out what must not be shown
now, and puts off what would stand too close to its like (`shared.spacing`). Where it ended is noted, so that a
repeated cursor gives the same page.
"""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from shared.db.newest import viewer_of
from shared.domain import Source, author_key
from shared.eligibility import Viewer, may_show
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec, cursor, keys
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.read import Overtaken, PageEnd, UserState
from shared.ranked_lists.records import NONCE_BYTES, Chain, Seen
from timeline.feed import feed_id
from timeline.fill import Filler
from timeline.page import Page, PageRequest
from timeline.parts import Parts
from timeline.reserved import with_new_posts
from timeline.sources import Sources
from timeline.stores import Patience
from timeline.walk import Walk

TRIES = 3  # a page that another request of the same chain overtook is worked out again


class Timeline:
    """Serves pages. Holds the stores, and the process's own copies for when they are away."""

    def __init__(self, parts: Parts, *, cursor_key: bytes) -> None:
        self._parts, self._cursor_key = parts, cursor_key
        self._reader, self._stores, self._shelf = parts.reader, parts.stores, parts.shelf
        self._sources = Sources(
            reader=parts.reader, database=parts.database, stores=parts.stores, snapshot=parts.snapshot,
            lists=parts.lists,
        )  # fmt: skip
        self._filler = Filler(parts, self._sources)

    async def page(self, request: PageRequest) -> Page:
        """A page for this user: always, from the best source that answers.

        Raises:
            ForgedCursor: the cursor is not one that this service gave to this user.
        """
        place = None
        if request.cursor is not None:
            place = cursor.verify(request.cursor, user_id=request.user_id, key=self._cursor_key)
        patience = self._stores.patience()
        for _ in range(TRIES - 1):
            try:
                return await self._page(request, place, patience)
            except Overtaken:
                self._parts.metrics.overtaken()
        return await self._page(request, place, patience, is_last_try=True)

    async def _page(
        self, request: PageRequest, place: Cursor | None, patience: Patience, *, is_last_try: bool = False
    ) -> Page:
        state = await self._state(request.user_id, place, patience)
        walk = self._continue(request, state, place, patience)
        if walk is None:
            if place is not None:
                self._parts.metrics.expired_cursor()
            if place is not None and not patience.degraded:  # what was read for the chain does not hold the lists
                state = await self._state(request.user_id, None, patience)
            walk = await self._begin(request, state, patience)
        start, recorded_end = walk.position, walk.chain.end_of_page(walk.position)
        if recorded_end is not None:
            await self._filler.repeat(walk, recorded_end)
        else:
            await self._filler.fill(walk)
            walk.settle()
        next_cursor = await self._next_cursor(walk)
        if recorded_end is None:
            try:
                await self._remember(walk, begins=start == 0)
            except Overtaken:
                if not is_last_try:
                    raise
        return self._finished(walk, start, next_cursor)

    async def _state(self, user_id: str, place: Cursor | None, patience: Patience) -> UserState:
        with suppress(StoreUnavailable):
            state = await self._stores.redis(patience, partial(self._reader.user, user_id, place))
            self._shelf.put_viewer(user_id, state.viewer)
            return state
        viewer = self._known_viewer(user_id)
        with suppress(StoreUnavailable):
            since = datetime.now(UTC) - self._parts.window.window
            viewer = await self._stores.database(
                patience, partial(viewer_of, self._parts.database, user_id, since=since)
            )
            self._shelf.put_viewer(user_id, viewer)
        return UserState(phase=None, lists={}, viewer=viewer, seen=Seen(), chain=None, tail=None)

    def _known_viewer(self, user_id: str) -> Viewer:
        """What this process knows of a user while no store can tell."""
        own = author_key(user_id)
        known = self._shelf.viewer(user_id) or Viewer()
        blocked = self._parts.snapshot.blocked.authors_of(own)
        return replace(known, hidden_authors=known.hidden_authors | blocked | {own})

    def _continue(
        self, request: PageRequest, state: UserState, place: Cursor | None, patience: Patience
    ) -> Walk | None:
        """The chain that a cursor names; None when there is no cursor, or its chain is gone (then a new one begins)."""
        if place is None:
            return None
        chain, tail = self._shelf.get(request.user_id, place.nonce)
        held = state.chain
        is_ahead = chain is not None and (held is None or len(chain.page_ends) > len(held.page_ends))
        if not is_ahead:
            chain, tail = held, state.tail
        if chain is None:
            return None
        return Walk(
            request=request, state=state, patience=patience, chain=chain, slot=place.slot, tail=tail,
            position=place.position, ends_in_redis=len(held.page_ends) if held else 0, is_rewritten=is_ahead,
        )  # fmt: skip

    async def _begin(self, request: PageRequest, state: UserState, patience: Patience) -> Walk:
        """A new chain: the best list there is, less what the user has seen, new posts in their slots, frozen."""
        ranked = await self._sources.best_list(request.user_id, state, has_redis="redis" not in patience.degraded)
        seen = {*state.viewer.seen_posts, *state.seen.rows}
        entries, rows, length = ranked.entries, codec.rows_of(ranked.entries), self._parts.lists.list_length
        if not seen.isdisjoint(rows):
            entries = codec.without(entries, [place for place, row in enumerate(rows) if row in seen])
            rows = [row for row in rows if row not in seen]
        entries = codec.part(entries, 0, length)
        if ranked.source is not Source.NEWEST:
            entries = self._with_new_posts(entries, rows[:length], request.user_id, state.viewer, seen)
        frozen = RankedList(
            source=ranked.source, generation=ranked.generation, generated_at=ranked.generated_at, entries=entries
        )
        chain = Chain(nonce=secrets.token_bytes(NONCE_BYTES), frozen=frozen)
        slot = (state.seen.visits + 1) % keys.CHAIN_SLOTS
        return Walk(request=request, state=state, patience=patience, chain=chain, slot=slot, tail=None, position=0)

    def _with_new_posts(self, entries: bytes, rows: list[int], user_id: str, viewer: Viewer, seen: set[int]) -> bytes:
        pool, known = self._parts.snapshot.new_posts, self._reader.catalogue.get
        if pool is None:
            return entries

        def may_take(row: int) -> bool:
            if row in seen:
                return False
            post = known(row)
            return post is not None and may_show(viewer, row=row, author=post.author)

        share = self._parts.new_posts.new_post_share
        return with_new_posts(entries, pool, user_id=user_id, share=share, may_take=may_take, own=rows)

    async def _next_cursor(self, walk: Walk) -> str | None:
        """A cursor for the next page, unless nothing that may be shown is left."""
        if walk.position > cursor.MAX_POSITION or not await self._filler.has_more(walk):
            return None
        place = Cursor(slot=walk.slot, nonce=walk.chain.nonce, position=walk.position)
        return cursor.sign(place, user_id=walk.request.user_id, key=self._cursor_key)

    async def _remember(self, walk: Walk, *, begins: bool) -> None:
        """Note where the page ended and what was served, in Redis and on this process's shelf.

        Raises:
            Overtaken: another request has served a page of this chain since it was read.
        """
        user_id = walk.request.user_id
        shelved, _ = self._shelf.get(user_id, walk.chain.nonce)
        if shelved is not None and len(shelved.page_ends) > len(walk.chain.page_ends):
            raise Overtaken
        chain = walk.chain
        noted = Chain(nonce=chain.nonce, frozen=chain.frozen, page_ends=(*chain.page_ends, walk.position))
        rows, visits = [post.row for post in walk.posts], walk.state.seen.visits
        if begins:
            record = partial(
                self._reader.begin_chain, user_id, walk.slot, noted, walk.tail, rows, visits + 1,
                wants_list=self._wants_list(noted.frozen),
            )  # fmt: skip
        else:
            end = PageEnd(
                slot=walk.slot, chain=noted, tail=walk.tail, ends_before=walk.ends_in_redis,
                is_rewritten=walk.is_rewritten,
            )  # fmt: skip
            record = partial(self._reader.end_page, user_id, end, rows, visits)
        if walk.has_redis:
            with suppress(StoreUnavailable):
                await self._stores.redis(walk.patience, record)
        self._shelf.put(user_id, noted, walk.tail)

    def _wants_list(self, ranked: RankedList) -> bool:
        """Whether a user who was served this list should get one of their own, or a new one, with the next run."""
        everyone = self._parts.snapshot.everyone
        is_old = everyone is not None and ranked.generation < everyone.generation
        return ranked.source is Source.EVERYONE or (ranked.source is Source.HEURISTIC and is_old)

    def _finished(self, walk: Walk, start: int, next_cursor: str | None) -> Page:
        frozen = walk.chain.frozen
        return Page(
            user_id=walk.request.user_id,
            source=frozen.source,
            posts=walk.posts,
            next_cursor=next_cursor,
            generated_at=frozen.generated_at,
            feed_id=feed_id(frozen, start, walk.chain.nonce, user_id=walk.request.user_id, key=self._cursor_key),
            degraded=tuple(walk.patience.degraded),
        )
