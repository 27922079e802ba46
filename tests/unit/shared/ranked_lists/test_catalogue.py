"""The copy of the catalogue, without Redis."""

from typing import Any, cast

import pytest

from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

POSTS = {post_number: CatalogueEntry(post_number, f"p{post_number}", post_number * 7) for post_number in (1, 2, 300)}


@pytest.mark.parametrize("post_numbers", [[], [2], [300, 1], [2, 2, 1]])
def test_get_all_returns_the_posts_in_the_given_order(post_numbers: list[int]) -> None:
    found = _catalogue().get_all(post_numbers)
    assert found is not None
    assert [*found] == [POSTS[post_number] for post_number in post_numbers]


@pytest.mark.parametrize("post_numbers", [[3], [1, 3], [3, 4, 1]])
def test_get_all_returns_none_when_one_post_is_unknown(post_numbers: list[int]) -> None:
    assert _catalogue().get_all(post_numbers) is None


def _catalogue() -> Catalogue:
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(POSTS.values())
    return catalogue
