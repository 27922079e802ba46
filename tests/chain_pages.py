"""Pages of the timeline that are filled without stores: their chains and catalogues are given."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from shared.domain import Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.records import CatalogueEntry, Chain, SeenRecord, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.chain_page import ChainPage
from timeline.feed.records import PageRequest
from timeline.feed.select_posts import PostSelector
from timeline.stores.budgets import RequestBudget


def packed(post_numbers: Sequence[int]) -> bytes:
    """Entries of these posts, in this order."""
    return b"".join(pack_entry(number, Reason.POPULAR, number / 100) for number in post_numbers)


def chain_page(
    own: Sequence[int], viewer: Viewer, *, limit: int, position: int = 0, tail: Sequence[int] = ()
) -> ChainPage:
    """A page of a chain whose list has these post numbers; those of the tail follow, unseen."""
    frozen = RankedList(
        source=Source.HEURISTIC, generation=1, generated_at=datetime(2026, 1, 1, tzinfo=UTC), entries=packed(own)
    )
    state = UserState(phase=None, packed_lists={}, viewer=viewer, seen=SeenRecord(), chain=None, tail=None)
    return ChainPage(
        request=PageRequest(user_id="ann", limit=limit), state=state, budget=RequestBudget(seconds={}),
        chain=Chain(nonce=b"n" * 8, frozen=frozen), slot=0, tail=Tail(unseen=len(tail), entries=packed(tail)),
        position=position,
    )  # fmt: skip


def selector(posts: Sequence[tuple[int, int]], deleted: frozenset[int] = frozenset()) -> PostSelector:
    """Fills pages with posts of these authors and clusters; the first one has the number 1."""
    entries = [
        CatalogueEntry(number, f"p{number}", author, cluster) for number, (author, cluster) in enumerate(posts, 1)
    ]
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(entries)
    reader = SimpleNamespace(catalogue=catalogue, withheld=SimpleNamespace(post_numbers=deleted))
    resources = SimpleNamespace(reader=reader, database=None, stores=None)
    return PostSelector(cast(Any, resources), cast(Any, None), cast(Any, None))


def fill(selector: PostSelector, page: ChainPage) -> None:
    """Choose the page's posts, and settle its chain."""
    asyncio.run(selector.fill(page))
    page.settle()
