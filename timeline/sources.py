"""Where a page's posts come from: the order of the fallbacks, and what follows a list that is used up."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec.structs import replace

from shared.db.engine import Database
from shared.db.newest import newest_posts
from shared.domain import Phase, Source
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.read import ListReader, UserState
from shared.ranked_lists.records import Tail
from shared.settings import ListSettings
from timeline.snapshot import Snapshot
from timeline.stores import Stores
from timeline.walk import Walk

FIRST_LOOK_SECONDS = 0.3  # how long a request that comes before anything is known waits for the first look


class Sources:
    """The lists of one process: a user's from Redis, shared ones from the snapshot, older posts from PostgreSQL."""

    def __init__(
        self, *, reader: ListReader, database: Database, stores: Stores, snapshot: Snapshot, lists: ListSettings
    ) -> None:
        self._reader, self._database, self._stores = reader, database, stores
        self._snapshot, self._lists = snapshot, lists

    def own_list(self, user_id: str, state: UserState) -> RankedList | None:
        """The user's own list: of their phase, or else the heuristic's; None when there is none."""
        phase = self._snapshot.newer_phase(state.phase).phase_of(user_id)
        ranked = state.list_of(phase)
        if ranked is None and phase is Phase.NEUCF:
            ranked = state.list_of(Phase.HEURISTIC)
        return ranked

    async def shared_list(self, *, has_redis: bool) -> RankedList:
        """What others get who have no list: everyone's, the snapshot's, or the newest posts."""
        snapshot = self._snapshot
        if snapshot.everyone is None and snapshot.newest is None:
            with suppress(TimeoutError):  # then the page says that it has nothing, and what is missing
                await asyncio.wait_for(snapshot.first_look.wait(), FIRST_LOOK_SECONDS)
        if snapshot.everyone is not None:
            return snapshot.everyone if has_redis else replace(snapshot.everyone, source=Source.SNAPSHOT)
        if snapshot.newest is not None:
            return snapshot.newest
        return RankedList(source=Source.NEWEST, generation=0, generated_at=datetime.now(UTC), entries=b"")

    async def tail(self, walk: Walk) -> Tail:
        """What follows the frozen list: unseen posts of the shared lists, older ones, then seen ones."""
        lists: Iterable[RankedList] = ()
        if walk.has_redis:
            with suppress(StoreUnavailable):
                asked = partial(self._reader.lists, walk.request.user_id)
                lists = await self._stores.wire(walk.patience, asked)
        known = [ranked for ranked in (self._snapshot.everyone, self._snapshot.newest, *lists) if ranked is not None]
        found = self._tail_of(walk, [ranked.entries for ranked in known])
        if found.unseen < self._lists.list_length and self._snapshot.oldest is not None:
            found = self._tail_of(walk, [*(ranked.entries for ranked in known), await self._older(walk)])
        if walk.has_redis and walk.position > 0:
            with suppress(StoreUnavailable):
                asking = partial(self._reader.keep_tail, walk.request.user_id, walk.slot, walk.chain.nonce, found)
                return await self._stores.wire(walk.patience, asking)
        return found

    def _tail_of(self, walk: Walk, shared: list[bytes]) -> Tail:
        seen = [*walk.state.viewer.seen_posts, *walk.state.seen.rows]
        return tail_entries(walk.chain.frozen.entries, shared, seen=seen, at_most=2 * self._lists.everyone_length)

    async def _older(self, walk: Walk) -> bytes:
        """Packed entries of posts older than the newest ones that this process keeps: enough to pass all seen ones."""
        now, limit = datetime.now(UTC), self._lists.list_length + 2 * self._lists.seen_length
        read = partial(newest_posts, self._database, now=now, limit=limit, older_than=self._snapshot.oldest)
        try:
            posts = await self._stores.database(walk.patience, read)
        except StoreUnavailable:
            return b""
        return self._snapshot.entries_of(posts, now)


def tail_entries(own: bytes, shared: Iterable[bytes], *, seen: Iterable[int], at_most: int) -> Tail:
    """What follows a frozen list.

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
    entries = b"".join([*unseen, *(entry for _, entry in sorted(again))][:at_most])
    return Tail(unseen=min(len(unseen), at_most), entries=entries)
