"""This process's copy of posts older than the newest ones; read once for all users, when a page needs it first."""

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

VALID_FOR = timedelta(seconds=30)  # as long as the newest posts (`timeline.stores.background_refresh`)


class _Copy(Struct, kw_only=True):
    """What was read from PostgreSQL."""

    older_than: datetime  # all posts are older than this
    read_at: datetime
    packed: bytes


class OlderPosts:
    """Reads one copy at a time; meanwhile other requests get the copy before it, or wait for the first."""

    def __init__(self, *, database: Database, stores: Stores, snapshot: Snapshot, lists: ListSettings) -> None:
        self._database, self._stores, self._snapshot = database, stores, snapshot
        self._limit = lists.list_length + 2 * lists.seen_length  # enough to pass all seen ones
        self._copy: _Copy | None = None
        self._under_way: asyncio.Future[None] | None = None
        self._merged: tuple[_Copy | None, IndexedList | None] = (None, None)
        self._indexed = merge_lists(())

    async def posts(self, budget: RequestBudget, *, older_than: datetime, without: IndexedList) -> IndexedList:
        """Posts older than a time, the newest first, without those of another list; none while PostgreSQL is away.

        Args:
            budget: of the request; it is told if PostgreSQL does not answer.
            older_than: the time.
            without: the list that comes before.
        """
        await self._renew(budget, older_than)
        made_of = (self._copy, without)
        if self._merged[0] is not made_of[0] or self._merged[1] is not made_of[1]:
            packed = [self._copy.packed] if self._copy else []
            self._merged, self._indexed = made_of, merge_lists(packed, without=without.post_number_set)
        return self._indexed

    async def packed(self, budget: RequestBudget, *, older_than: datetime) -> bytes:
        """All posts older than a time, packed; for the arguments see `posts`."""
        await self._renew(budget, older_than)
        return self._copy.packed if self._copy is not None else b""

    async def _renew(self, budget: RequestBudget, older_than: datetime) -> None:
        if self._is_valid(older_than):
            return
        if self._under_way is None:
            await self._read(budget, older_than)
        elif self._copy is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._under_way), budget.seconds["postgresql"])

    def _is_valid(self, older_than: datetime) -> bool:
        """Whether the copy is recent, and continues exactly the current copy of the newest posts."""
        copy = self._copy
        return copy is not None and copy.older_than is older_than and datetime.now(UTC) - copy.read_at < VALID_FOR

    async def _read(self, budget: RequestBudget, older_than: datetime) -> None:
        self._under_way = asyncio.get_running_loop().create_future()
        now = datetime.now(UTC)
        try:
            packed, entries = await self._stores.database(budget, partial(self._query, now, older_than))
        except StoreUnavailable:
            return
        finally:
            self._under_way.set_result(None)
            self._under_way = None
        self._snapshot.catalogue.add(entries)
        self._copy = _Copy(older_than=older_than, read_at=now, packed=packed)

    def _query(self, now: datetime, older_than: datetime) -> tuple[bytes, Sequence[CatalogueEntry]]:
        posts = newest_posts(self._database, now=now, limit=self._limit, older_than=older_than)
        packed = packed_by_recency(posts, now, half_life_hours=self._snapshot.half_life_hours)
        return packed, [catalogue_entry(post) for post in posts]
