"""What the judged likes came from, and who decides where a model served."""

from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation.metrics import NAMES
from s02_train_neucf.gate.baselines import BASELINES, HEURISTIC, POPULARITY
from s02_train_neucf.gate.cuts import MIN_JUDGED, N_CUTS, ReplayCut
from s02_train_neucf.gate.pair_gains import PairGains
from s02_train_neucf.gate.replay import CutFigures
from s02_train_neucf.gate.replay_report import Replay, replay_of
from s02_train_neucf.gate.served_shares import ServedShares, served_shares
from s02_train_neucf.gate.verdict import beats_baselines, still_ahead
from shared.db.bulk_served import NO_ROLLOUT, UNKNOWN, ServedLikes
from shared.domain import SOURCES_BY_CODE, Source
from shared.neucf.examples import Examples
from shared.neucf.final_ranker import FinalRanker

INSIDE = 300  # users whom the model serves


def code(source: Source) -> int:
    return SOURCES_BY_CODE.index(source)


def world(*, outside: int, positions: int = 0) -> PairGains:
    """In a world without tastes people like what they are shown: users inside the rollout what the model puts first,
    users outside what the heuristic does. Each user has one like; gains of the heuristic, then of NeuCF."""
    n = INSIDE + outside
    is_inside = np.arange(n) < INSIDE
    noise = np.random.default_rng(1).uniform(0, 0.2, n)
    served = LikeSources(
        sources=np.where(is_inside, code(Source.NEUCF), code(Source.HEURISTIC)).astype(np.int8),
        positions=np.full(n, positions, np.int32),
        outside_rollout=~is_inside,
    )
    gains = np.stack([np.where(is_inside, 0.1, 0.4) + noise, np.where(is_inside, 0.4, 0.1) + noise[::-1]])
    return PairGains(user_id_hashes=np.arange(n), posts=np.arange(n), shares=np.ones(n), gains=gains, served=served)


def shares_of(pairs: PairGains) -> ServedShares:
    return served_shares(pairs, [HEURISTIC])


def replayed(pairs: PairGains) -> Replay:
    """A replay whose cuts all asked these users; popularity is the heuristic unless there are gains of both."""
    gains = pairs.gains if len(pairs.gains) == 3 else pairs.gains[[0, 0, 1]]
    figures = np.repeat(gains[:, :, None], len(NAMES), axis=2)
    cuts = [
        CutFigures(
            cut=ReplayCut(start=float(index), end=index + 1.0), n_steps=1, n_asked=len(pairs),
            user_id_hashes=pairs.user_id_hashes, baselines={"popularity": figures[0], "heuristic": figures[1]},
            by_ranker=figures[2:], pairs=replace(pairs, gains=gains),
        )
        for index in range(N_CUTS)
    ]  # fmt: skip
    return replay_of(cuts, (FinalRanker(),), n_warm_up=0, n_posts=9, min_known=3, generator=np.random.default_rng(0))


def test_a_copy_of_the_ranker_that_served_is_not_promoted_by_those_whom_it_served() -> None:
    check = beats_baselines(replayed(world(outside=MIN_JUDGED)))
    assert not check.passed
    assert f"The gain is that of the {MIN_JUDGED} users outside the rollout, whom no model served." in check.sentence


def test_where_too_few_are_outside_the_verdict_says_whom_it_favours() -> None:
    check = beats_baselines(replayed(world(outside=MIN_JUDGED - 1)))
    assert check.passed
    assert "80% of the likes are of users whom a model may have served" in check.sentence
    assert f"{MIN_JUDGED - 1} users were outside the rollout; {MIN_JUDGED} would decide alone" in check.sentence


def test_a_champion_that_served_its_judges_is_said_to_have_done_so() -> None:
    words = "judged by likes on what it may have served itself"
    assert words in still_ahead(replayed(world(outside=MIN_JUDGED - 1))).sentence
    assert words not in still_ahead(replayed(world(outside=MIN_JUDGED))).sentence
    by_none = replace(world(outside=100), served=LikeSources.unknown(INSIDE + 100))
    assert words not in still_ahead(replayed(by_none)).sentence


def test_where_no_model_served_all_decide_and_nothing_is_said() -> None:
    pairs = replace(world(outside=100), served=LikeSources.unknown(INSIDE + 100))
    replay = replayed(pairs)
    assert (replay.served.decides, replay.served.sentence) == (False, "")
    assert replay.gains["heuristic"].mean == pytest.approx((pairs.gains[1] - pairs.gains[0]).mean())


def test_the_report_tells_the_likes_of_each_source() -> None:
    pairs = world(outside=100, positions=20)
    shares = shares_of(pairs).to_json()
    by_source = shares["by_source"]
    assert by_source.keys() == {"pages of heuristic", "pages of neucf", "later pages", "users outside the rollout"}
    assert (by_source["pages of neucf"]["likes"], by_source["pages of neucf"]["users"]) == (INSIDE, INSIDE)
    assert by_source["pages of neucf"]["gain"] > 0.2
    assert by_source["pages of heuristic"]["gain"] < -0.2
    assert (shares["users_outside_the_rollout"], shares["decided_by_users_outside"]) == (100, True)


def test_a_user_who_was_inside_with_one_like_does_not_decide() -> None:
    pairs = world(outside=100)
    moved = replace(pairs, user_id_hashes=np.where(np.arange(len(pairs)) == 0, INSIDE, pairs.user_id_hashes))
    assert INSIDE not in shares_of(moved).outside
    assert len(shares_of(moved).outside) == 99


@pytest.mark.parametrize("position", [0, UNKNOWN])
def test_a_first_or_unknown_page_is_no_later_page(position: int) -> None:
    assert "later pages" not in shares_of(world(outside=100, positions=position)).to_json()["by_source"]


@pytest.mark.parametrize(("of_100", "matters"), [(1, False), (2, True)])
def test_a_model_matters_that_may_have_served_more_than_one_like_of_a_hundred(of_100: int, matters: bool) -> None:
    pairs = replace(world(outside=100 - INSIDE), served=LikeSources.unknown(100))
    pairs.served.outside_rollout[:of_100] = False
    assert shares_of(pairs).is_of_models == matters


def gains_of(*, inside: tuple[float, ...], outside: tuple[float, ...], n_outside: int) -> PairGains:
    """Gains of the baselines, then of NeuCF."""
    pairs = world(outside=n_outside)
    columns = zip(inside, outside, strict=True)
    return replace(pairs, gains=np.stack([np.where(pairs.served.outside_rollout, out, of) for of, out in columns]))


def test_the_gains_are_over_the_better_one_of_the_gates_baselines_for_those_who_decide() -> None:
    """ "Popularity now" is better than both, but the gate does not ask about it."""
    inside, outside = (0.10, 0.30, 0.45, 0.50), (0.40, 0.20, 0.45, 0.50)
    few, many = (gains_of(inside=inside, outside=outside, n_outside=n) for n in (MIN_JUDGED - 1, MIN_JUDGED))
    of_all, of_outside = (served_shares(pairs, BASELINES) for pairs in (few, many))
    assert (of_all.over, of_outside.over) == (HEURISTIC, POPULARITY)
    assert dict(of_all.by_source)["pages of neucf"].gain == pytest.approx(0.50 - 0.30)
    assert dict(of_outside.by_source)["pages of neucf"].gain == pytest.approx(0.50 - 0.10)
    assert of_outside.to_json()["over"] == POPULARITY


def test_a_source_has_the_gain_of_its_own_likes_whatever_part_of_its_users_likes_they_are() -> None:
    """Each user liked two posts, one of them (0.2 of 0.5 possible) on a page of the model."""
    users, n = np.repeat(np.arange(10), 2), 20
    served = replace(LikeSources.unknown(n), sources=np.tile([code(Source.NEUCF), UNKNOWN], 10).astype(np.int8))
    pairs = PairGains(
        user_id_hashes=users, posts=np.arange(n), shares=np.full(n, 0.5),
        gains=np.stack([np.zeros(n), np.tile([0.2, 0.1], 10)]), served=served,
    )  # fmt: skip
    by_source = dict(shares_of(pairs).by_source)
    assert by_source["pages of neucf"].gain == pytest.approx(0.4)
    assert by_source["unknown pages"].gain == pytest.approx(0.2)


def test_the_baseline_is_the_best_one_of_those_who_decide() -> None:
    """Popularity is better for those inside, the heuristic for those outside; the model is between them there."""
    pairs = world(outside=100)
    outside = pairs.served.outside_rollout
    gains = np.stack([np.where(outside, 0.15, 0.30), np.where(outside, 0.40, 0.20), np.where(outside, 0.25, 0.50)])
    check = beats_baselines(replayed(replace(pairs, gains=gains)))
    assert not check.passed
    assert "of heuristic on" in check.sentence


def test_a_like_from_a_page_of_a_model_is_not_one_of_a_user_outside() -> None:
    at = np.array([5.0, 5.0])
    likes = Examples(user_id_hashes=np.array([1, 2]), post_id_hashes=np.array([7, 7]), at=at, liked_at=at)
    served = ServedLikes.of(
        user_id_hashes=np.array([1]), post_id_hashes=np.array([7]), at=np.array([5.0]),
        sources=np.array([code(Source.NEUCF)], np.int8), positions=np.array([0], np.int32),
    )  # fmt: skip
    assert LikeSources.of(likes, served, NO_ROLLOUT).outside_rollout.tolist() == [False, True]
