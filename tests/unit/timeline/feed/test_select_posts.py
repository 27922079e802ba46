"""Posts chosen all at once are the same as those chosen one by one, and so is the rest of the chain."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists import codec
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.records import CatalogueEntry, Chain, SeenRecord, Tail
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.chain_page import ChainPage
from timeline.feed.records import PageRequest
from timeline.feed.select_posts import PostSelector
from timeline.stores.budgets import RequestBudget

# Author and cluster of each post in the order of its row; few of each, so that spacing has something to do.
POSTS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0, 0, 0, 1, 2])), max_size=60)
VIEWERS = st.builds(
    Viewer,
    hidden_authors=st.frozensets(st.integers(1, 12), max_size=3),
    hidden_posts=st.frozensets(st.integers(1, 60), max_size=4),
)


def _chain_page(count: int, viewer: Viewer, position: int, limit: int) -> ChainPage:
    entries = b"".join(pack_entry(number, Reason.POPULAR, number / 100) for number in range(1, count + 1))
    frozen = RankedList(
        source=Source.HEURISTIC, generation=1, generated_at=datetime(2026, 1, 1, tzinfo=UTC), entries=entries
    )
    state = UserState(phase=None, packed_lists={}, viewer=viewer, seen=SeenRecord(), chain=None, tail=None)
    return ChainPage(
        request=PageRequest(user_id="ann", limit=limit), state=state, budget=RequestBudget(seconds={}),
        chain=Chain(nonce=b"n" * 8, frozen=frozen), slot=0, tail=Tail(unseen=0, entries=b""), position=position,
    )  # fmt: skip


def _selector(posts: list[tuple[int, int]], deleted: frozenset[int]) -> PostSelector:
    entries = [
        CatalogueEntry(number, f"p{number}", author, cluster) for number, (author, cluster) in enumerate(posts, 1)
    ]
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(entries)
    reader = SimpleNamespace(catalogue=catalogue, withheld=SimpleNamespace(post_numbers=deleted))
    resources = SimpleNamespace(reader=reader, database=None, stores=None)
    return PostSelector(cast(Any, resources), cast(Any, None), cast(Any, None))


def _filled(selector: PostSelector, page: ChainPage) -> tuple[Any, ...]:
    asyncio.run(selector.fill(page))
    page.settle()
    chain = codec.post_numbers_of(page.chain.frozen.entries)
    return page.posts.post_numbers, page.posts.ids, page.posts.marks, page.position, chain


@given(POSTS, VIEWERS, st.integers(0, 12), st.integers(1, 25))
def test_posts_chosen_at_once_are_those_chosen_one_by_one(
    posts: list[tuple[int, int]], viewer: Viewer, position: int, limit: int
) -> None:
    position = min(position, len(posts))
    at_once, one_by_one = _selector(posts, frozenset()), _selector(posts, frozenset())
    one_by_one._choose_at_once = lambda page, spacing, deferred_posts, offset, end: offset  # type: ignore[method-assign]
    served = _filled(at_once, _chain_page(len(posts), viewer, position, limit))
    assert served == _filled(one_by_one, _chain_page(len(posts), viewer, position, limit))
    authors = {f"p{number}": author for number, (author, _) in enumerate(posts, 1)}
    assert not viewer.hidden_posts.intersection(served[0])
    assert not viewer.hidden_authors.intersection(map(authors.__getitem__, served[1]))


@given(POSTS, VIEWERS, st.integers(1, 25))
def test_a_next_page_that_is_announced_has_posts(posts: list[tuple[int, int]], viewer: Viewer, limit: int) -> None:
    selector, page = _selector(posts, frozenset()), _chain_page(len(posts), viewer, 0, limit)
    numbers = _filled(selector, page)[0]
    if page.shows_next:
        follows = _chain_page(len(posts), viewer, 0, limit)
        follows.chain, follows.position = page.chain, page.position
        assert set(_filled(selector, follows)[0]) - set(numbers)


@given(POSTS, st.frozensets(st.integers(1, 60), max_size=4))
def test_deleted_posts_are_left_out(posts: list[tuple[int, int]], deleted: frozenset[int]) -> None:
    numbers = _filled(_selector(posts, deleted), _chain_page(len(posts), Viewer(), 0, 60))[0]
    assert sorted(numbers) == [number for number in range(1, len(posts) + 1) if number not in deleted]
