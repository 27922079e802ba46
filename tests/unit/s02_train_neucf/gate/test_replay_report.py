from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation.metrics import NAMES
from s02_train_neucf.gate.cuts import MIN_ASKED, MIN_JUDGED, NIGHTLY_RISK, ReplayCut
from s02_train_neucf.gate.pair_gains import PairGains
from s02_train_neucf.gate.replay import CutFigures
from s02_train_neucf.gate.replay_report import NEUCF, NEUCF_RAW, Replay, chosen_rankers, replay_of
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.serving_order import ServingOrder

PLAIN, POPULAR = FinalRanker(), FinalRanker(serving_order=ServingOrder(popularity_weight=1.0))
RANKERS = (PLAIN, POPULAR)


def cut(number: int, plain: float, popular: float, *, users: range = range(MIN_JUDGED)) -> CutFigures:
    """A cut whose users all have one figure under each order, in every metric."""
    shape = (len(users), len(NAMES))
    return CutFigures(
        cut=ReplayCut(start=float(number), end=number + 1.0),
        n_steps=2,
        n_asked=2 * len(users),
        user_id_hashes=np.array(users, dtype=np.int64),
        baselines={"popularity": np.full(shape, 0.1), "heuristic": np.full(shape, 0.05)},
        by_ranker=np.stack([np.full(shape, plain), np.full(shape, popular)]),
        pairs=PairGains(
            user_id_hashes=np.array(users, dtype=np.int64),
            posts=np.array(users, dtype=np.int64),
            shares=np.ones(len(users)),
            gains=np.repeat([[0.1], [0.05], [plain], [popular]], len(users), axis=1),
            served=LikeSources.unknown(len(users)),
        ),
    )


def replayed(*cuts: CutFigures) -> Replay:
    return replay_of(cuts, RANKERS, n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))


def chosen(cuts: list[CutFigures]) -> list[int]:
    return chosen_rankers(cuts, RANKERS, np.random.default_rng(0))


def test_each_cut_is_served_in_the_order_that_was_best_before_it() -> None:
    cuts = [cut(0, 0.1, 0.9), cut(1, 0.9, 0.1), cut(2, 0.9, 0.1), cut(3, 0.9, 0.1), cut(4, 0.1, 0.9)]
    result = replayed(*cuts)
    #                 nothing before, 0.1 < 0.9, equal, 1.9 > 1.1, 2.8 > 1.2
    assert [each.ranker for each in result.cuts] == [PLAIN, POPULAR, PLAIN, PLAIN, PLAIN]
    assert result.ranker == PLAIN


def test_the_warm_up_chooses_for_the_first_cut_and_is_not_judged() -> None:
    cuts = [cut(0, 0.1, 0.9), *[cut(n, 0.2, 0.3) for n in (1, 2, 3, 4, 5)]]
    result = replay_of(cuts, RANKERS, n_warm_up=1, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert [each.ranker for each in result.cuts] == [POPULAR] * 5
    assert result.report is not None
    np.testing.assert_allclose(result.report.figures[NEUCF]["ndcg@10"].mean, 0.3)


def test_a_warm_up_does_not_stand_in_for_a_cut() -> None:
    cuts = [cut(n, 0.1, 0.9) for n in range(5)]
    result = replay_of(cuts, RANKERS, n_warm_up=1, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert result.missing == "4 cuts with somebody to ask, expected 5"


@given(st.integers(0, 4), st.floats(0, 1), st.floats(0, 1))
def test_a_cut_does_not_influence_its_own_serving_order(index: int, plain: float, popular: float) -> None:
    cuts = [cut(n, 0.2 + 0.1 * (n % 2), 0.3 - 0.1 * (n % 2)) for n in range(5)]
    later = [replace(each, by_ranker=cut(index, plain, popular).by_ranker) for each in cuts[index:]]
    assert chosen([*cuts[:index], *later])[index] == chosen(cuts)[index]


def test_the_figures_are_those_of_the_chosen_rankers() -> None:
    report = replayed(cut(0, 0.1, 0.9), *[cut(n, 0.1, 0.6) for n in (1, 2, 3, 4)]).report
    assert report is not None
    np.testing.assert_allclose(report.figures[NEUCF]["ndcg@10"].mean, (0.1 + 4 * 0.6) / 5)
    np.testing.assert_allclose(report.figures[NEUCF_RAW]["ndcg@10"].mean, 0.1)
    np.testing.assert_allclose(report.differences["heuristic"]["hr@5"].mean, 0.5 - 0.05)


def test_the_gains_are_those_of_the_chosen_rankers() -> None:
    gains = replayed(cut(0, 0.1, 0.9), *[cut(n, 0.1, 0.6) for n in (1, 2, 3, 4)]).gains
    served = (0.1 + 4 * 0.6) / 5
    np.testing.assert_allclose(
        [gains[name].mean for name in ("popularity", "heuristic")], [served - 0.1, served - 0.05]
    )


def test_a_user_of_many_cuts_counts_once() -> None:
    """Half of the users are asked once, with 0; the others in all five cuts, with 1: so one half."""
    half = MIN_JUDGED
    first = cut(0, 0.0, 0.0, users=range(2 * half))
    first.by_ranker[:, half:] = 1.0
    first.pairs.gains[2:, half:] = 1.0
    result = replayed(first, *[cut(n, 1.0, 1.0, users=range(half, 2 * half)) for n in (1, 2, 3, 4)])
    assert result.report is not None
    assert (result.report.n_users, result.report.figures[NEUCF]["ndcg@10"].mean) == (2 * half, 0.5)
    np.testing.assert_allclose([result.gains[name].mean for name in ("popularity", "heuristic")], [0.4, 0.45])


def test_too_few_people_leave_the_score_alone() -> None:
    assert chosen([cut(0, 0.1, 0.9, users=range(MIN_ASKED - 1)), cut(1, 0.1, 0.9)])[1] == 0
    assert chosen([cut(0, 0.1, 0.9), cut(1, 0.1, 0.9)])[1] == 1


def test_fewer_than_five_cuts_are_no_replay() -> None:
    result = replayed(cut(0, 0.1, 0.9), cut(1, 0.1, 0.9))
    assert (result.report, result.missing) == (None, "2 cuts with somebody to ask, expected 5")


def test_a_cut_without_test_users_does_not_count() -> None:
    result = replayed(*[cut(n, 0.1, 0.9) for n in range(4)], cut(4, 0.1, 0.9, users=range(0)))
    assert result.missing == "4 cuts with somebody to ask, expected 5"


def test_too_few_people_are_no_replay() -> None:
    result = replayed(*[cut(n, 0.1, 0.9, users=range(7)) for n in range(5)])
    assert result.missing == f"7 users to ask, expected {MIN_JUDGED}"
    assert result.gains == {}


def test_no_cut_at_all_is_no_replay() -> None:
    assert "0 cuts" in replayed().missing


def test_users_who_liked_the_same_post_do_not_prove_as_much_as_others() -> None:
    apart = cut(0, 0.1, 0.6)
    noise = np.random.default_rng(1).normal(0, 0.2, 10)
    gains = np.repeat([[0.1], [0.05], [0.2], [0.2]], MIN_JUDGED, axis=1)
    gains[2:] += noise[np.arange(MIN_JUDGED) % 10]
    same = [
        replace(cut(n, 0.2, 0.2), pairs=replace(apart.pairs, posts=np.arange(MIN_JUDGED) % 10, gains=gains))
        for n in range(5)
    ]
    different = [replace(each, pairs=replace(each.pairs, posts=np.arange(MIN_JUDGED))) for each in same]
    few, many = replayed(*same), replayed(*different)
    np.testing.assert_allclose([few.n_posts, many.n_posts], [75**2 / (5 * 8**2 + 5 * 7**2), 75])
    assert few.gains["heuristic"].low < 0 < many.gains["heuristic"].low
    assert few.gains["heuristic"].mean == many.gains["heuristic"].mean


def test_the_interval_that_decides_is_that_of_a_night() -> None:
    """One user loses much, so it reaches up as far as a normal interval, which is known exactly."""
    gains = np.repeat([[0.1], [0.1], [0.1], [0.1]], MIN_JUDGED, axis=1)
    gains[2:] += np.random.default_rng(2).normal(0.05, 0.01, MIN_JUDGED)
    gains[2:, 0] -= 0.5
    pairs = replace(cut(0, 0.1, 0.1).pairs, gains=gains)
    apart = [replace(pairs, posts=pairs.posts + n * MIN_JUDGED) for n in range(5)]
    found = replayed(*[replace(cut(n, 0.1, 0.1), pairs=each) for n, each in enumerate(apart)]).gains["heuristic"]
    error = gains[2].std() / np.sqrt(MIN_JUDGED)
    assert found.high == pytest.approx(found.mean + stats.norm.isf(NIGHTLY_RISK) * error)
    assert found.low < found.mean - 3 * error
