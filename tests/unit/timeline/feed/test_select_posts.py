"""Posts chosen all at once are the same as those chosen one by one, and so is the rest of the chain."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.eligibility import Viewer
from shared.ranked_lists import codec
from tests.chain_pages import chain_page, fill, selector
from timeline.feed.chain_page import ChainPage
from timeline.feed.select_posts import PostSelector

# Author and cluster of each post in the order of its row; few of each, so that spacing has something to do.
POSTS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0, 0, 0, 1, 2])), max_size=60)
VIEWERS = st.builds(
    Viewer,
    hidden_authors=st.frozensets(st.integers(1, 12), max_size=3),
    hidden_posts=st.frozensets(st.integers(1, 60), max_size=4),
)


def _chain_page(count: int, viewer: Viewer, position: int, limit: int) -> ChainPage:
    return chain_page(range(1, count + 1), viewer, position=position, limit=limit)


def _filled(selector: PostSelector, page: ChainPage) -> tuple[Any, ...]:
    fill(selector, page)
    chain = codec.post_numbers_of(page.chain.frozen.entries)
    return page.posts.post_numbers, page.posts.ids, page.posts.marks, page.position, chain


@given(POSTS, VIEWERS, st.integers(0, 12), st.integers(1, 25))
def test_posts_chosen_at_once_are_those_chosen_one_by_one(
    posts: list[tuple[int, int]], viewer: Viewer, position: int, limit: int
) -> None:
    position = min(position, len(posts))
    at_once, one_by_one = selector(posts), selector(posts)
    one_by_one._choose_at_once = lambda page, spacing, deferred_posts, offset, end: offset  # type: ignore[method-assign]
    served = _filled(at_once, _chain_page(len(posts), viewer, position, limit))
    assert served == _filled(one_by_one, _chain_page(len(posts), viewer, position, limit))
    authors = {f"p{number}": author for number, (author, _) in enumerate(posts, 1)}
    assert not viewer.hidden_posts.intersection(served[0])
    assert not viewer.hidden_authors.intersection(map(authors.__getitem__, served[1]))


@given(POSTS, VIEWERS, st.integers(1, 25))
def test_a_next_page_that_is_announced_has_posts(posts: list[tuple[int, int]], viewer: Viewer, limit: int) -> None:
    filled_by, page = selector(posts), _chain_page(len(posts), viewer, 0, limit)
    numbers = _filled(filled_by, page)[0]
    if page.shows_next:
        follows = _chain_page(len(posts), viewer, 0, limit)
        follows.chain, follows.position = page.chain, page.position
        assert set(_filled(filled_by, follows)[0]) - set(numbers)


@given(POSTS, st.frozensets(st.integers(1, 60), max_size=4))
def test_deleted_posts_are_left_out(posts: list[tuple[int, int]], deleted: frozenset[int]) -> None:
    numbers = _filled(selector(posts, deleted), _chain_page(len(posts), Viewer(), 0, 60))[0]
    assert sorted(numbers) == [number for number in range(1, len(posts) + 1) if number not in deleted]
