"""Posts older than the newest ones: read once for all users; requests that come meanwhile wait."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

from shared.domain import Reason
from shared.errors import StoreUnavailable
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import pack_entry
from shared.ranked_lists.records import CatalogueEntry
from shared.settings import ListSettings
from timeline.stores.budgets import RequestBudget
from timeline.stores.local_copies import Snapshot
from timeline.stores.older_posts import OlderPosts
from timeline.stores.segments import merge_lists

PACKED = b"".join(pack_entry(number, Reason.RECENT, 0.5) for number in (1, 2, 3))
NEWEST = merge_lists([PACKED[:6]])


class _PostgreSQL:
    """Returns what is set, and counts calls."""

    def __init__(self) -> None:
        self.asked, self.is_away = 0, False

    async def database(self, budget: RequestBudget, read: object) -> tuple[bytes, list[CatalogueEntry]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailable("away")
        return PACKED, []


def _older(server: _PostgreSQL) -> OlderPosts:
    snapshot = Snapshot(catalogue=Catalogue(cast(Any, None)), half_life_hours=24)
    return OlderPosts(database=cast(Any, None), stores=cast(Any, server), snapshot=snapshot, lists=ListSettings())


async def _post_numbers(older: OlderPosts, older_than: datetime) -> set[int]:
    indexed = await older.posts(RequestBudget(seconds={"postgresql": 1.0}), older_than=older_than, without=NEWEST)
    return {*indexed.post_number_set}


def test_many_readers_at_once_cause_one_read() -> None:
    server, than = _PostgreSQL(), datetime.now(UTC)

    async def read() -> list[set[int]]:
        older = _older(server)
        return [
            *await asyncio.gather(*[_post_numbers(older, than) for _ in range(20)]),
            await _post_numbers(older, than),
        ]

    assert asyncio.run(read()) == [{2, 3}] * 21
    assert server.asked == 1


def test_they_are_read_again_after_a_new_copy_of_the_newest_posts() -> None:
    server = _PostgreSQL()

    async def read() -> None:
        older = _older(server)
        for _ in range(3):
            await _post_numbers(older, datetime.now(UTC))

    asyncio.run(read())
    assert server.asked == 3


def test_the_last_copy_is_used_while_postgresql_is_away() -> None:
    server = _PostgreSQL()

    async def read() -> list[set[int]]:
        older = _older(server)
        server.is_away = True
        before = await _post_numbers(older, datetime.now(UTC))
        server.is_away = False
        await _post_numbers(older, datetime.now(UTC))
        server.is_away = True
        return [before, await _post_numbers(older, datetime.now(UTC))]

    assert asyncio.run(read()) == [set(), {2, 3}]
