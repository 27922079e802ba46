"""The small world of the flow tests, in our own tables and behind a team's views."""

from dataclasses import replace

import pytest

from tests.flow.conftest import copied_database, fragile_house, house, migrated_template, ranked_house, second_valkey
from tests.flow.house import House
from tests.traces import make_views

__all__ = [
    "copied_database", "fragile_house", "house", "migrated_template", "ranked_house", "second_valkey",
]  # fmt: skip


@pytest.fixture(params=["own tables", "views"])
def either_house(request: pytest.FixtureRequest, house: House) -> House:
    """The ranked world in each of the data modes."""
    if request.param == "views":
        make_views(house)
        house = replace(house, source_schema="team")
    house.run_heuristic()
    return house
