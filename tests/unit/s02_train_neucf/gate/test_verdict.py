import dataclasses

import numpy as np

from s02_train_neucf.evaluation.evaluate import compare
from s02_train_neucf.evaluation.shared_errors import PairDifferences, interval_of
from s02_train_neucf.gate.cuts import MIN_JUDGED_POSTS, NIGHTLY_RISK
from s02_train_neucf.gate.list_diversity import ListDiversity, list_diversity_of
from s02_train_neucf.gate.replay_report import NEUCF, Replay
from s02_train_neucf.gate.verdict import MAX_OVERLAP, MIN_COVERAGE, Verdict, still_ahead, verdict
from shared.neucf.final_ranker import FinalRanker

USERS = 40
GOOD, MIDDLE, BAD = (np.linspace(low, low + 0.1, USERS) for low in (0.8, 0.5, 0.1))
LIVELY = ListDiversity(n_users=200, n_canaries=50, coverage=0.6, overlap=0.3)


def replay(neucf: np.ndarray, popularity: np.ndarray, heuristic: np.ndarray) -> Replay:
    values = {NEUCF: neucf, "popularity": popularity, "heuristic": heuristic}
    report = compare(
        {name: {"ndcg@10": column} for name, column in values.items()},
        ours=NEUCF, protocol="test", n_posts=9, generator=np.random.default_rng(0),
    )  # fmt: skip
    own = np.arange(len(neucf))  # each user liked one post, which nobody else liked
    gains = {
        name: interval_of(
            PairDifferences(users=own, posts=own, shares=np.ones(len(own)), differences=neucf - column),
            risk=NIGHTLY_RISK, generator=np.random.default_rng(0),
        )
        for name, column in values.items() if name != NEUCF
    }  # fmt: skip
    return Replay(cuts=(), ranker=FinalRanker(), report=report, missing="", gains=gains, n_posts=len(own))


def judged(replay: Replay, diversity: ListDiversity | None = LIVELY, *, finite: bool = True) -> Verdict:
    return verdict(replay, finite=finite, diversity=diversity)


def test_a_better_model_is_promoted_with_all_that_was_found() -> None:
    result = judged(replay(GOOD, BAD, MIDDLE))
    assert result.promote
    assert "ndcg@10 0.8500" in result.reason
    assert "of heuristic on 40 users" in result.reason
    assert "50 canary users" in result.reason


def test_the_better_baseline_decides() -> None:
    result = judged(replay(MIDDLE, BAD, GOOD))
    assert not result.promote
    assert "of heuristic" in result.reason
    assert "not proven better" in result.reason
    assert not judged(replay(MIDDLE, GOOD, BAD)).promote


def test_an_equal_model_is_not_promoted() -> None:
    assert not judged(replay(MIDDLE, MIDDLE, BAD)).promote


def test_a_gain_that_may_be_chance_is_not_promoted() -> None:
    noisy = MIDDLE + np.where(np.arange(USERS) % 2, 0.4, -0.38)
    assert noisy.mean() > MIDDLE.mean()
    assert not judged(replay(noisy, MIDDLE, BAD)).promote


def test_without_a_replay_the_model_waits_for_data() -> None:
    thin = Replay(cuts=(), ranker=FinalRanker(), report=None, missing="12 users to ask, expected 30")
    result = judged(thin)
    assert not result.promote
    assert result.reason == "No replay is possible yet; wait for data: got 12 users to ask, expected 30."


def test_weights_that_are_no_numbers_are_rejected() -> None:
    result = judged(replay(GOOD, BAD, BAD), None, finite=False)
    assert not result.promote
    assert "NaN" in result.reason


def test_lists_that_reach_too_little_are_rejected() -> None:
    narrow = ListDiversity(n_users=200, n_canaries=50, coverage=MIN_COVERAGE - 0.01, overlap=0.3)
    result = judged(replay(GOOD, BAD, BAD), narrow)
    assert result.reason == "The lists of 200 users reach 3.0% of the posts that they could hold, expected at least 4%."


def test_a_popularity_like_model_is_rejected_as_all_alike() -> None:
    result = judged(replay(GOOD, BAD, BAD), list_diversity_of(np.tile(np.arange(20), (50, 1)), 1000))
    assert not result.promote
    assert "all alike" in result.reason


def test_lists_just_below_the_bound_pass() -> None:
    edge = ListDiversity(n_users=200, n_canaries=50, coverage=MIN_COVERAGE, overlap=MAX_OVERLAP - 0.01)
    assert judged(replay(GOOD, BAD, BAD), edge).promote


def test_one_user_cannot_be_compared() -> None:
    alone = ListDiversity(n_users=1, n_canaries=1, coverage=1.0, overlap=1.0)
    assert "Got 1 users to compare" in judged(replay(GOOD, BAD, BAD), alone).reason


def test_every_reason_is_named() -> None:
    result = judged(replay(BAD, GOOD, GOOD), list_diversity_of(np.tile(np.arange(20), (50, 1)), 1000))
    assert [check.passed for check in result.checks] == [False, True, False, False]
    assert all(check.sentence in result.reason for check in result.checks if not check.passed)


def test_likes_of_few_posts_prove_nothing() -> None:
    few = dataclasses.replace(replay(GOOD, BAD, MIDDLE), n_posts=MIN_JUDGED_POSTS - 0.1)
    result = judged(few)
    assert not result.promote
    assert f"on as few posts as 19.9 equally liked ones, expected {MIN_JUDGED_POSTS}" in result.reason


def test_a_champion_stays_as_long_as_its_mean_is_above_the_best_baseline() -> None:
    noisy = MIDDLE + np.where(np.arange(USERS) % 2, 0.4, -0.38)
    assert not judged(replay(noisy, MIDDLE, BAD)).promote
    assert still_ahead(replay(noisy, MIDDLE, BAD)).passed
    assert not still_ahead(replay(MIDDLE, MIDDLE, BAD)).passed, "equal is not ahead"
    behind = still_ahead(replay(MIDDLE, BAD, GOOD))
    assert not behind.passed
    assert "of heuristic on 40 users" in behind.sentence
    assert behind.sentence.endswith(": not ahead any more.")


def test_a_champion_that_cannot_be_judged_stays() -> None:
    assert still_ahead(Replay(cuts=(), ranker=FinalRanker(), report=None, missing="3 users to ask")).passed
