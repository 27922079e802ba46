from typing import Any

import pytest

from shared.errors import ArtefactError
from shared.neucf.final_ranker import FUSIONS, LEARNED, SERVING_ORDERS, FinalRanker
from shared.neucf.serving_order import GRID


@pytest.mark.parametrize("ranker", [*SERVING_ORDERS, *FUSIONS, LEARNED], ids=str)
def test_it_comes_back_from_json(ranker: FinalRanker) -> None:
    assert FinalRanker.from_json(ranker.to_json()) == ranker


def test_the_first_ranker_is_the_score_alone_and_serving_orders_are_plain() -> None:
    assert SERVING_ORDERS[0] == FinalRanker()
    assert [each.serving_order for each in SERVING_ORDERS] == list(GRID)
    assert all(each.is_plain for each in SERVING_ORDERS)
    assert not any(each.is_plain for each in (*FUSIONS, LEARNED))


@pytest.mark.parametrize(
    "fused", ["neucf", [["neucf"]], ["neucf", "neucf"], ["oracle"], [1], ["neucf"] * 99, {"neucf": 1}, None]
)
def test_sources_that_are_none_are_refused(fused: Any) -> None:
    with pytest.raises(ArtefactError, match="final ranker: got"):
        FinalRanker.from_json({"serving_order": {}, "fused": fused})


def test_it_says_what_it_is() -> None:
    assert str(FUSIONS[0]) == "neucf + heuristic, by reciprocal ranks"
    assert str(FinalRanker()) == "popularity × 0, any age"
    assert str(LEARNED) == "learned from all sources, popularity × 0, any age"


@pytest.mark.parametrize(("learned", "fused"), [(True, []), (True, ["neucf"]), (1, ["neucf"]), ("yes", []), ([], [])])
def test_a_learned_one_reads_all_sources(learned: Any, fused: list[str]) -> None:
    with pytest.raises(ArtefactError, match="got learned"):
        FinalRanker.from_json({"serving_order": {}, "fused": fused, "learned": learned})
