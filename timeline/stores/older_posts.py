"""This process's copy of the posts that are older than its newest ones: read when a reader comes that far, for all."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from msgspec import Struct

from shared.db.engine import Database
from shared.db.newest import newest_posts
from shared.errors import StoreUnavailable
from shared.ranked_lists.records import CatalogueEntry
from shared.settings import ListSettings
from timeline.stores.budgets import RequestBudget, Stores
from timeline.stores.local_copies import Snapshot, catalogue_entry, packed_by_recency
from timeline.stores.segments import IndexedList, merge_lists

GOOD_FOR = timedelta(seconds=30)  # as long as the newest posts are good for (`timeline.stores.background_refresh`)


class _Copy(Struct, kw_only=True):
    """What PostgreSQL gave."""

    than: datetime  # none is newer
    read_at: datetime
    packed: bytes


class OlderPosts:
    """Reads one copy at a time; who comes meanwhile gets the one before, or waits for the first."""

    def __init__(self, *, database: Database, stores: Stores, snapshot: Snapshot, lists: ListSettings) -> None:
        self._database, self._stores, self._snapshot = database, stores, snapshot
        self._limit = lists.list_length + 2 * lists.seen_length  # enough to pass all seen ones
        self._copy: _Copy | None = None
        self._under_way: asyncio.Future[None] | None = None
        self._put_together: tuple[_Copy | None, IndexedList | None] = (None, None)
        self._segment = merge_lists(())

    async def posts(self, budget: RequestBudget, *, than: datetime, besides: IndexedList) -> IndexedList:
        """Posts that are older than a moment, newest first, less those of a segment; none while PostgreSQL is away.

        Args:
            patience: of the request that comes so far; it is told if PostgreSQL does not answer.
            than: the moment.
            besides: what the reader is given before.
        """
        if not self._is_good(than):
            if self._under_way is None:
                await self._read(budget, than)
            elif self._copy is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._under_way), budget.seconds["postgresql"])
        made_of = (self._copy, besides)
        if self._put_together[0] is not made_of[0] or self._put_together[1] is not made_of[1]:
            packed = [self._copy.packed] if self._copy else []
            self._put_together, self._segment = made_of, merge_lists(packed, without=besides.post_number_set)
        return self._segment

    def _is_good(self, than: datetime) -> bool:
        """Whether the copy goes on where the newest posts end, as this very look at PostgreSQL found them."""
        copy = self._copy
        return copy is not None and copy.than is than and datetime.now(UTC) - copy.read_at < GOOD_FOR

    async def _read(self, budget: RequestBudget, than: datetime) -> None:
        self._under_way = asyncio.get_running_loop().create_future()
        now = datetime.now(UTC)
        try:
            packed, entries = await self._stores.database(budget, partial(self._query, now, than))
        except StoreUnavailable:
            return
        finally:
            self._under_way.set_result(None)
            self._under_way = None
        self._snapshot.catalogue.add(entries)
        self._copy = _Copy(than=than, read_at=now, packed=packed)

    def _query(self, now: datetime, than: datetime) -> tuple[bytes, Sequence[CatalogueEntry]]:
        posts = newest_posts(self._database, now=now, limit=self._limit, older_than=than)
        packed = packed_by_recency(posts, now, half_life_hours=self._snapshot.half_life_hours)
        return packed, [catalogue_entry(post) for post in posts]
