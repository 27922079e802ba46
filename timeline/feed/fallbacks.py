"""Where a page's posts come from: the order of the fallbacks, and the tail that follows a list."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from shared.domain import Phase, Source
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.records import Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.chain_page import ChainPage
from timeline.feed.records import PageRequest
from timeline.feed.tail import TailSource, freeze_tail, older_source, tail_of_shared, tail_sources
from timeline.stores.budgets import RequestBudget
from timeline.stores.local_copies import FIRST_LOOK_SECONDS
from timeline.stores.resources import FeedResources
from timeline.stores.segments import VisibilityFilter

if TYPE_CHECKING:
    from timeline.feed.modes import ModeLists
    from timeline.stores.older_posts import OlderPosts


class Fallbacks:
    """The lists of one process: a user's from Redis, shared ones from the snapshot, older posts from PostgreSQL."""

    def __init__(self, resources: FeedResources, older: "OlderPosts", modes: "ModeLists") -> None:
        self._reader, self._page_writer, self._stores = resources.reader, resources.page_writer, resources.stores
        self._snapshot, self._lists, self._facts = resources.snapshot, resources.lists, resources.post_facts
        self._older, self._modes = older, modes

    def own_list(self, user_id: str, state: UserState) -> RankedList | None:
        """The user's own list of their phase, or else of the heuristic; None without one, or if they want none."""
        if not state.viewer.is_personalised:
            return None
        phase = self._snapshot.newer_phase(state.phase).phase_of(user_id)
        ranked = state.list_of(phase)
        if ranked is None and phase is not Phase.HEURISTIC:
            ranked = state.list_of(Phase.HEURISTIC)
        return ranked

    async def list_of_mode(self, request: PageRequest, budget: RequestBudget) -> RankedList:
        """The list of the request's mode and tag; if no store tells what it is, the one for users without one."""
        await self._first_look()
        ranked = await self._modes.first(request, budget)
        if ranked is None:
            ranked = await self.shared_list(has_redis="redis" not in budget.degraded)
        return ranked

    async def _first_look(self) -> None:
        if self._snapshot.everyone is None and self._snapshot.newest is None:
            with suppress(TimeoutError):  # then the page is empty and `degraded`
                await asyncio.wait_for(self._snapshot.first_look.wait(), FIRST_LOOK_SECONDS)

    async def shared_list(self, *, has_redis: bool) -> RankedList:
        """The list for users without one: everyone's list, its copy in the snapshot, or the newest posts."""
        snapshot = self._snapshot
        await self._first_look()
        if snapshot.everyone is not None:
            return snapshot.everyone if has_redis else replace(snapshot.everyone, source=Source.SNAPSHOT)
        if snapshot.newest is not None:
            return snapshot.newest
        return RankedList(source=Source.NEWEST, generation=0, generated_at=datetime.now(UTC), entries=b"")

    async def tail(self, page: ChainPage) -> Tail:
        """What follows the frozen list: unseen posts of the shared lists, older ones, then seen ones."""
        if page.has_rest_of_its_own:
            return await self._kept(page, await self._tail_of_mode(page))
        taken = frozenset(codec.post_numbers_of(page.chain.frozen.entries))
        shared, own = self._snapshot.shared(), await self._own(page)
        if page.state.viewer.rules:
            await self._judge(page, own)
            await self._judge_shared(page, shared.post_number_set)
        seen, enough, at_most = page.seen(), self._lists.list_length, page.wanted_of_tail
        tail, visibility = None, self.visibility(page)
        if visibility.hides_few and not seen.may_be_all:
            tail = tail_of_shared(shared, own, seen, taken, enough=enough, at_most=at_most)
        if tail is None:
            sources = tail_sources(shared, own, taken, seen, visibility)
            if sum(len(source.unseen) for source in sources) < enough and self._snapshot.oldest is not None:
                older = await self._older.posts(page.budget, older_than=self._snapshot.oldest, without=shared)
                if page.state.viewer.rules:
                    await self._judge_shared(page, older.post_number_set)
                    visibility = self.visibility(page)
                sources.append(older_source(older, sources, taken, seen, visibility))
            tail = freeze_tail(sources, seen, at_most=at_most)
        return await self._kept(page, tail)

    async def _tail_of_mode(self, page: ChainPage) -> Tail:
        """The rest of a mode's own posts, and no others: unseen ones, then seen ones."""
        indexed, seen = await self._modes.rest(page), page.seen()
        if page.state.viewer.rules:
            await self._judge(page, [indexed.packed])
        visibility = self.visibility(page)
        taken = visibility.few_hidden_in(indexed) | frozenset(codec.post_numbers_of(page.chain.frozen.entries))
        source = TailSource.of(indexed, visibility.candidates_in(indexed), taken, seen)
        return freeze_tail([source], seen, at_most=page.wanted_of_tail)

    async def _kept(self, page: ChainPage, tail: Tail) -> Tail:
        """The tail, or the one that another request of the chain has frozen before."""
        if page.has_redis and page.position > 0:
            with suppress(StoreUnavailable):
                keep = partial(self._page_writer.keep_tail, page.request.user_id, page.slot, page.chain.nonce, tail)
                return await self._stores.redis_with_timeout(page.budget, keep)
        return tail

    async def judge_chain(self, page: ChainPage) -> None:
        """Find out what the viewer's rules withhold of a chain."""
        chain, tail = page.chain, page.tail
        await self._judge(page, [chain.frozen.entries, chain.rest, *((tail.entries, tail.rest) if tail else ())])

    async def _judge(self, page: ChainPage, packed: Iterable[bytes]) -> None:
        numbers = frozenset[int]().union(*map(codec.post_numbers_of, packed))
        page.gone.update(await self._facts.withheld(page.state.viewer.rules, numbers, page.budget))

    async def _judge_shared(self, page: ChainPage, post_numbers: frozenset[int]) -> None:
        page.gone.update(await self._facts.withheld_of_shared(page.state.viewer.rules, post_numbers, page.budget))

    def visibility(self, page: ChainPage) -> VisibilityFilter:
        """What may be shown to the user of a page."""
        viewer = page.state.viewer
        if page.gone:
            viewer = replace(viewer, hidden_posts=viewer.hidden_posts | page.gone)
        return VisibilityFilter(self._reader.catalogue, self._reader.withheld.post_numbers, viewer)

    async def _own(self, page: ChainPage) -> list[bytes]:
        """Packed entries of the user's current lists; a first page has read them already."""
        if not page.state.viewer.is_personalised or page.chain.frozen.source is Source.EXPLORE:
            return []
        lists: Iterable[RankedList | None] = map(page.state.list_of, page.state.packed_lists)
        if page.has_redis and not page.state.packed_lists:
            with suppress(StoreUnavailable):
                lists = await self._stores.redis_with_timeout(
                    page.budget, partial(self._reader.lists, page.request.user_id)
                )
        return [ranked.entries for ranked in lists if ranked is not None]
