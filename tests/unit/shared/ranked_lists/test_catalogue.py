"""The catalogue's copy, as far as it holds without Redis."""

from typing import Any, cast

import pytest

from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

POSTS = {post_number: CatalogueEntry(post_number, f"p{post_number}", post_number * 7) for post_number in (1, 2, 300)}


@pytest.mark.parametrize("post_numbers", [[], [2], [300, 1], [2, 2, 1]])
def test_all_of_gives_each_in_the_order_that_was_asked_for(post_numbers: list[int]) -> None:
    found = _catalogue().get_all(post_numbers)
    assert found is not None
    assert [*found] == [POSTS[post_number] for post_number in post_numbers]


@pytest.mark.parametrize("post_numbers", [[3], [1, 3], [3, 4, 1]])
def test_all_of_gives_nothing_when_one_is_not_known(post_numbers: list[int]) -> None:
    assert _catalogue().get_all(post_numbers) is None


def _catalogue() -> Catalogue:
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(POSTS.values())
    return catalogue
