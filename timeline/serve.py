"""One page: which list, frozen where, filtered by what, and what comes when a list is used up.

A chain is a frozen list and a position in it. Its first page freezes the user's list less what they have seen; when
that is used up, a *tail* is frozen behind it: everyone's list, then the newest posts, then what the user has seen, the
longest ago first. A page walks on from its position and leaves out what must not be shown now; where it ended is noted,
so that a repeated cursor gives the same page.
"""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.newest import posts_of_rows, viewer_of
from shared.domain import author_key
from shared.eligibility import Viewer, may_show
from shared.errors import StoreUnavailable, WarmlineError
from shared.ranked_lists import codec, cursor, keys
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.read import ListReader, UserState
from shared.ranked_lists.records import NONCE_BYTES, Chain, Seen
from shared.settings import ListSettings, WindowSettings
from timeline.feed import feed_id
from timeline.page import Page, PagePost, PageRequest, Walk
from timeline.shelf import Shelf
from timeline.snapshot import Snapshot, catalogue_entry
from timeline.sources import Sources

LOOK_AHEAD = 16  # posts beyond a page whose catalogue entries are fetched with it


class Timeline:
    """Serves pages. Holds the stores, and the process's own copies for when they are away."""

    def __init__(
        self,
        *,
        reader: ListReader,
        database: Database,
        snapshot: Snapshot,
        lists: ListSettings,
        window: WindowSettings,
        cursor_key: bytes,
        database_budget: timedelta,
    ) -> None:
        self._reader, self._database = reader, database
        self._sources = Sources(reader, snapshot, lists)
        self._lists, self._window, self._cursor_key = lists, window, cursor_key
        self._database_budget = database_budget.total_seconds()
        self._shelf = Shelf()

    async def page(self, request: PageRequest) -> Page:
        """A page for this user: always, from the best source that answers.

        Raises:
            ForgedCursor: the cursor is not one that this service gave to this user.
        """
        place = None
        if request.cursor is not None:
            place = cursor.verify(request.cursor, user_id=request.user_id, key=self._cursor_key)
        degraded: list[str] = []
        state = await self._state(request.user_id, place, degraded)
        walk = self._continue(request, state, place, degraded)
        if walk is None:
            if place is not None and not degraded:  # what was read for the chain does not hold the user's lists
                state = await self._state(request.user_id, None, degraded)
            walk = await self._begin(request, state, degraded)
        begins = walk.position == 0
        recorded_end = walk.chain.end_of_page(walk.position)
        start = walk.position
        await self._fill(walk, recorded_end)
        next_cursor = await self._next_cursor(walk)
        await self._remember(walk, start=start, begins=begins, is_repeat=recorded_end is not None)
        return self._finished(walk, start, next_cursor)

    async def _state(self, user_id: str, place: Cursor | None, degraded: list[str]) -> UserState:
        try:
            return await self._reader.user(user_id, place)
        except StoreUnavailable:
            degraded.append("redis")
        viewer = Viewer(hidden_authors=frozenset({author_key(user_id)}))
        try:
            since = datetime.now(UTC) - self._window.window
            asked = asyncio.to_thread(viewer_of, self._database, user_id, since=since)
            viewer = await asyncio.wait_for(asked, self._database_budget)
        except (WarmlineError, TimeoutError):
            degraded.append("postgresql")
        return UserState(phase=None, lists={}, viewer=viewer, seen=Seen(), chain=None, tail=None)

    def _continue(
        self, request: PageRequest, state: UserState, place: Cursor | None, degraded: list[str]
    ) -> Walk | None:
        """The chain that a cursor names; None when there is no cursor, or its chain is gone (then a new one begins)."""
        if place is None:
            return None
        chain, tail = state.chain, state.tail
        if chain is None:
            chain, tail = self._shelf.get(request.user_id, place.nonce)
        if chain is None:
            return None
        return Walk(
            request=request, state=state, chain=chain, slot=place.slot, tail=tail, position=place.position,
            degraded=degraded,
        )  # fmt: skip

    async def _begin(self, request: PageRequest, state: UserState, degraded: list[str]) -> Walk:
        """A new chain: the best list there is, less what the user has seen, frozen."""
        ranked = await self._sources.best_list(request.user_id, state, has_redis="redis" not in degraded)
        seen = {*state.viewer.seen_posts, *state.seen.rows}
        unseen = [place for place, row in enumerate(codec.rows_of(ranked.entries)) if row not in seen]
        kept = unseen[: self._lists.list_length]
        entries = ranked.entries if len(kept) == len(ranked) else codec.pick(ranked.entries, kept)
        chain = Chain(nonce=secrets.token_bytes(NONCE_BYTES), frozen=replace(ranked, entries=entries))
        slot = (state.seen.visits + 1) % keys.CHAIN_SLOTS
        return Walk(request=request, state=state, chain=chain, slot=slot, tail=None, position=0, degraded=degraded)

    async def _fill(self, walk: Walk, recorded_end: int | None) -> None:
        """Walk on until the page is full, its recorded end is reached, or the chain is used up."""
        known_up_to = walk.position
        while len(walk.posts) < walk.request.limit and (recorded_end is None or walk.position < recorded_end):
            if walk.position >= known_up_to:
                known_up_to = await self._know_posts(walk, walk.position)
            entry = walk.entry(walk.position)
            if entry is None:
                if walk.tail is not None:
                    return
                walk.tail = await self._sources.tail(walk)
                known_up_to = walk.position
                continue
            post = self._showable(walk, entry)
            walk.position += 1
            if post is not None:
                walk.posts.append(post)

    async def _know_posts(self, walk: Walk, start: int) -> int:
        """Have the catalogue know the next posts; gives the position up to which it does."""
        end = start + walk.request.limit + LOOK_AHEAD
        rows = [entry[0] for position in range(start, end) if (entry := walk.entry(position))]
        catalogue = self._reader.catalogue
        if walk.has_redis:
            try:
                await self._reader.ensure_posts(rows)
            except StoreUnavailable:
                walk.degraded.append("redis")
        # Without Redis nobody tells of deletions: then PostgreSQL is asked for all of them.
        unsure = [row for row in rows if catalogue.get(row) is None] if walk.has_redis else rows
        if unsure and walk.has_database:
            try:
                asked = asyncio.to_thread(posts_of_rows, self._database, unsure)
                posts = await asyncio.wait_for(asked, self._database_budget)
                catalogue.add(catalogue_entry(post) for post in posts)
                walk.gone.update(set(unsure) - {post.row for post in posts})
            except (WarmlineError, TimeoutError):
                walk.degraded.append("postgresql")
        return end

    def _showable(self, walk: Walk, entry: tuple[int, str, float]) -> PagePost | None:
        """The post of an entry, unless this user must not be shown it now."""
        row, reason, score = entry
        post = self._reader.catalogue.get(row)
        if post is None or row in self._reader.deleted.rows or row in walk.gone:
            return None
        if post.post_id in walk.request.exclude:
            return None
        if not may_show(walk.state.viewer, row=row, author=post.author):
            return None
        return PagePost(row=row, post_id=post.post_id, score=round(score, 4), reason=reason)

    async def _next_cursor(self, walk: Walk) -> str | None:
        """A cursor for the next page, unless nothing that may be shown is left."""
        probe = replace(walk, request=replace(walk.request, limit=1), posts=[])  # shares `degraded` and `gone`
        await self._fill(probe, None)
        walk.tail = probe.tail
        if not probe.posts or walk.position > cursor.MAX_POSITION:
            return None
        place = Cursor(slot=walk.slot, nonce=walk.chain.nonce, position=walk.position)
        return cursor.sign(place, user_id=walk.request.user_id, key=self._cursor_key)

    async def _remember(self, walk: Walk, *, start: int, begins: bool, is_repeat: bool) -> None:
        """Note where the page ended and what was served, in Redis and on this process's shelf."""
        if is_repeat:
            return
        user_id, end = walk.request.user_id, walk.position
        noted = replace(walk.chain, page_ends=(*walk.chain.page_ends, end))
        self._shelf.put(user_id, noted, walk.tail)
        if not walk.has_redis:
            return
        rows = [post.row for post in walk.posts]
        try:
            if begins:
                visits = walk.state.seen.visits + 1
                await self._reader.begin_chain(user_id, walk.slot, noted, walk.tail, rows, visits)
            else:
                place = Cursor(slot=walk.slot, nonce=walk.chain.nonce, position=start)
                await self._reader.end_page(user_id, place, end, rows, walk.state.seen.visits)
        except StoreUnavailable:
            walk.degraded.append("redis")

    def _finished(self, walk: Walk, start: int, next_cursor: str | None) -> Page:
        frozen = walk.chain.frozen
        return Page(
            user_id=walk.request.user_id,
            source=frozen.source,
            posts=walk.posts,
            next_cursor=next_cursor,
            generated_at=frozen.generated_at,
            feed_id=feed_id(frozen, start, walk.chain.nonce, user_id=walk.request.user_id, key=self._cursor_key),
            degraded=tuple(walk.degraded),
        )
