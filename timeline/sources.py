"""Where a page's posts come from: the order of the fallbacks, and what follows a list that is used up."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from shared.domain import Phase, Source
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.read import ListReader, UserState
from shared.settings import ListSettings
from timeline.page import Walk
from timeline.snapshot import Snapshot

FIRST_LOOK_SECONDS = 1.0  # how long a request that comes before anything is known waits for the first look


class Sources:
    """The lists of one process: the user's from Redis, the shared ones from the snapshot."""

    def __init__(self, reader: ListReader, snapshot: Snapshot, lists: ListSettings) -> None:
        self._reader, self._snapshot, self._lists = reader, snapshot, lists

    async def best_list(self, user_id: str, state: UserState, *, has_redis: bool) -> RankedList:
        """NeuCF's list, the heuristic's, everyone's, the snapshot's, or the newest posts."""
        phase = self._snapshot.newer_phase(state.phase).phase_of(user_id)
        if phase is Phase.NEUCF and Phase.NEUCF in state.lists:
            return state.lists[Phase.NEUCF]
        if Phase.HEURISTIC in state.lists:
            return state.lists[Phase.HEURISTIC]
        return await self._shared_list(has_redis=has_redis)

    async def _shared_list(self, *, has_redis: bool) -> RankedList:
        snapshot = self._snapshot
        if snapshot.everyone is None and snapshot.newest is None:
            with suppress(TimeoutError):  # then the page says that it has nothing, and what is missing
                await asyncio.wait_for(snapshot.first_look.wait(), FIRST_LOOK_SECONDS)
        if snapshot.everyone is not None:
            return snapshot.everyone if has_redis else replace(snapshot.everyone, source=Source.SNAPSHOT)
        if snapshot.newest is not None:
            return snapshot.newest
        return RankedList(source=Source.NEWEST, generation=0, generated_at=datetime.now(UTC), entries=b"")

    async def tail(self, walk: Walk) -> bytes:
        """What follows the frozen list: unseen posts of the shared lists, then seen ones, the longest ago first."""
        lists: Iterable[RankedList] = ()
        if walk.has_redis:
            try:
                lists = (await self._reader.lists(walk.request.user_id)).values()
            except StoreUnavailable:
                walk.degraded.append("redis")
        shared = [ranked for ranked in (self._snapshot.everyone, self._snapshot.newest, *lists) if ranked is not None]
        entries = tail_entries(
            walk.chain.frozen.entries,
            [ranked.entries for ranked in shared],
            seen=[*walk.state.viewer.seen_posts, *walk.state.seen.rows],
            at_most=2 * self._lists.everyone_length,
        )
        if walk.has_redis and walk.position > 0:
            try:
                return await self._reader.keep_tail(walk.request.user_id, walk.slot, walk.chain.nonce, entries)
            except StoreUnavailable:
                walk.degraded.append("redis")
        return entries


def tail_entries(own: bytes, shared: Iterable[bytes], *, seen: Iterable[int], at_most: int) -> bytes:
    """The packed entries that follow a frozen list.

    Args:
        own: the frozen list, none of whose posts comes again.
        shared: packed entries of the lists to draw from, the best list first.
        seen: post rows, the longest ago first; a row that comes twice counts where it came last.
        at_most: the longest tail.
    """
    taken = set(codec.rows_of(own))
    last_seen = {row: place for place, row in enumerate(seen)}
    unseen: list[bytes] = []
    again: list[tuple[int, bytes]] = []
    for entries in shared:
        for place, row in enumerate(codec.rows_of(entries)):
            if row in taken:
                continue
            taken.add(row)
            entry = codec.pick(entries, [place])
            if row in last_seen:
                again.append((last_seen[row], entry))
            else:
                unseen.append(entry)
    return b"".join([*unseen, *(entry for _, entry in sorted(again))][:at_most])
