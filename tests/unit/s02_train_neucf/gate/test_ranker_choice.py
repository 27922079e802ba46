from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf.gate.cuts import MIN_JUDGED
from s02_train_neucf.gate.replay import CutFigures
from s02_train_neucf.gate.replay_report import NEUCF, chosen_rankers, replay_of
from shared.neucf.final_ranker import FUSIONS, FinalRanker
from shared.neucf.serving_order import ServingOrder
from tests.unit.s02_train_neucf.gate.test_replay_report import cut

PLAIN, POPULAR = FinalRanker(), FinalRanker(serving_order=ServingOrder(popularity_weight=1.0))
RANKERS = (PLAIN, POPULAR, *FUSIONS)


def figures(number: int, *of_rankers: float, spread: float = 0.0, users: int = 2 * MIN_JUDGED) -> CutFigures:
    """A cut with these figures of RANKERS, in every metric; by `spread` half of the people deviate up, half down, from
    those of rankers that are not plain."""
    made = cut(number, of_rankers[0], of_rankers[1], users=range(users))
    shape, swing = made.by_ranker.shape[1:], np.where(np.arange(users) % 2, spread, -spread)
    of_users = [np.full(users, figure) + (swing if index > 1 else 0.0) for index, figure in enumerate(of_rankers)]
    gains = np.concatenate([made.pairs.gains[:2], np.stack(of_users)])
    by_ranker = np.stack([np.broadcast_to(each[:, None], shape) for each in of_users])
    return replace(made, by_ranker=by_ranker, pairs=replace(made.pairs, gains=gains))


def chosen(cuts: list[CutFigures]) -> list[int]:
    return chosen_rankers(cuts, RANKERS, np.random.default_rng(0))


def test_a_ranker_that_is_proven_better_is_chosen_for_the_cuts_after_and_goes_live() -> None:
    cuts = [figures(number, 0.1, 0.2, 0.15, 0.3) for number in range(5)]
    assert chosen(cuts) == [0, 3, 3, 3, 3]
    replay = replay_of(cuts, RANKERS, n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert replay.ranker == FUSIONS[1]
    assert [(each.ranker, each.against, each.chosen) for each in replay.comparisons] == [
        (FUSIONS[0], POPULAR, False), (FUSIONS[1], POPULAR, True),
    ]  # fmt: skip
    assert replay.report is not None
    np.testing.assert_allclose(replay.report.figures[NEUCF]["ndcg@10"].mean, (0.1 + 4 * 0.3) / 5)


def test_a_ranker_that_is_better_but_not_provably_leaves_the_serving_order() -> None:
    cuts = [figures(number, 0.1, 0.2, 0.15, 0.21, spread=0.1) for number in range(5)]
    assert chosen(cuts) == [0, 1, 1, 1, 1]
    replay = replay_of(cuts, RANKERS, n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert replay.ranker == POPULAR
    assert not any(each.chosen for each in replay.comparisons)
    assert replay.comparisons[1].gain.mean == pytest.approx(0.01)
    assert replay.comparisons[1].sentence.endswith("not proven better.")


def test_it_is_compared_with_the_best_serving_order_not_with_the_score_alone() -> None:
    assert chosen([figures(0, 0.1, 0.4, 0.3, 0.2), figures(1, 0.1, 0.4, 0.3, 0.2)]) == [0, 1]


def test_with_too_few_people_no_other_ranker_is_tried() -> None:
    assert chosen([figures(n, 0.1, 0.2, 0.9, 0.9, users=MIN_JUDGED - 1) for n in range(2)]) == [0, 1]


def test_a_cut_does_not_choose_for_itself() -> None:
    cuts = [figures(0, 0.1, 0.2, 0.15, 0.1), figures(1, 0.1, 0.2, 0.9, 0.9)]
    assert chosen(cuts) == [0, 1]


def test_the_record_tells_what_was_tried() -> None:
    cuts = [figures(number, 0.1, 0.2, 0.15, 0.3) for number in range(5)]
    replay = replay_of(cuts, RANKERS, n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    worse, better = (each.to_json() for each in replay.comparisons)
    assert FinalRanker.from_json(better["ranker"]) == FUSIONS[1]
    assert (better["gain"]["mean"], better["chosen"]) == (pytest.approx(0.1), True)
    assert better["found"].startswith("neucf + liked next + ")
    assert (worse["gain"]["mean"], worse["chosen"]) == (pytest.approx(-0.05), False)


def test_a_champion_whose_ranker_is_not_plain_is_judged_under_that_ranker_alone() -> None:
    cuts = [replace(each, by_ranker=each.by_ranker[3:]) for each in (figures(n, 0.1, 0.2, 0.15, 0.3) for n in range(5))]
    cuts = [replace(each, pairs=each.pairs.of_systems([0, 1, 5])) for each in cuts]
    replay = replay_of(cuts, FUSIONS[1:], n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert replay.ranker == FUSIONS[1]
    assert replay.comparisons == ()
    assert replay.report is not None
    assert replay.report.figures[NEUCF]["ndcg@10"].mean == pytest.approx(0.3)
