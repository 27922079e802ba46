"""The catalogue's copy, as far as it holds without Redis."""

from typing import Any, cast

import pytest

from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

POSTS = {row: CatalogueEntry(row, f"p{row}", row * 7) for row in (1, 2, 300)}


@pytest.mark.parametrize("rows", [[], [2], [300, 1], [2, 2, 1]])
def test_all_of_gives_each_in_the_order_that_was_asked_for(rows: list[int]) -> None:
    found = _catalogue().all_of(rows)
    assert found is not None
    assert [*found] == [POSTS[row] for row in rows]


@pytest.mark.parametrize("rows", [[3], [1, 3], [3, 4, 1]])
def test_all_of_gives_nothing_when_one_is_not_known(rows: list[int]) -> None:
    assert _catalogue().all_of(rows) is None


def _catalogue() -> Catalogue:
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(POSTS.values())
    return catalogue
