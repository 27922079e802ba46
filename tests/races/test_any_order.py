"""The same promises in any order of acts, pages, runs, flushes and stops; `make races` tries more of it."""

from tests.flow.house import House
from tests.races.any_order import try_any_order
from tests.races.pair import pair

EXAMPLES, STEPS = 3, 10


def test_what_was_acknowledged_holds_in_any_order(ranked_house: House) -> None:
    with pair(ranked_house, refresh_seconds=0.1) as nodes:
        try_any_order(ranked_house, nodes, examples=EXAMPLES, steps=STEPS)
