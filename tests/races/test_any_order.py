"""The same promises in any order of acts, pages, runs, flushes and stops; `make races` tries more of it."""

from tests.flow.deployment import Deployment
from tests.races.any_order import try_any_order
from tests.races.pair import pair

EXAMPLES, STEPS = 3, 10


def test_what_was_acknowledged_holds_in_any_order(ranked_deployment: Deployment) -> None:
    with pair(ranked_deployment, refresh_seconds=0.1) as nodes:
        try_any_order(ranked_deployment, nodes, examples=EXAMPLES, steps=STEPS)
