"""A ranker that is learned from the cuts before: what it is judged by never teaches it."""

from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation.metrics import NAMES
from s02_train_neucf.gate.asked_lists import AskedLists
from s02_train_neucf.gate.cuts import ReplayCut
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.learned_ranking import LearnedRanking, with_learned
from s02_train_neucf.gate.pair_gains import PairGains
from s02_train_neucf.gate.replay import CutFigures
from s02_train_neucf.gate.replay_report import replay_of
from s02_train_neucf.gate.source_lists import SourceLists
from shared.neucf.final_ranker import LEARNED, FinalRanker
from shared.neucf.sources.features import FEATURES
from tests.neucf_worlds import data_of, events_of, posts_of

PLAIN = FinalRanker()
USERS, N_POSTS, LENGTH = 90, 40, 30
TELLS = FEATURES.index("photo_nearness_score")
NDCG = NAMES.index("ndcg@10")
HISTORY = History.of(data_of(events_of(), posts_of(list(range(N_POSTS)))))


def cut(number: int, *, told: bool = True) -> CutFigures:
    """Each user is asked once, and liked one post: the one whose photo is nearest, if photos tell anything. The model's
    score, by which the plain ranker goes, is chance."""
    chance = np.random.default_rng(number)
    values = chance.normal(size=(USERS, LENGTH, len(FEATURES))).astype(np.float32)
    posts = np.stack([chance.permutation(N_POSTS) for _ in range(USERS)]).astype(np.int32)
    place = values[:, :, TELLS].argmax(axis=1) if told else chance.integers(0, LENGTH, USERS)
    liked = posts[np.arange(USERS), place].astype(np.int64)
    users = np.arange(USERS)
    logits = chance.normal(size=(USERS, LENGTH)).astype(np.float32) * 0.1
    rank = (logits > logits[users, place][:, None]).sum(axis=1)  # of the liked post
    of_plain = np.where(rank < 10, 1 / np.log2(rank + 2), 0.0)
    return CutFigures(
        cut=ReplayCut(start=float(number), end=number + 1.0),
        n_steps=1,
        n_asked=USERS,
        user_id_hashes=users,
        baselines={name: np.full((USERS, len(NAMES)), 0.05) for name in ("popularity", "heuristic")},
        by_ranker=np.broadcast_to(of_plain[None, :, None], (1, USERS, len(NAMES))),
        pairs=PairGains(
            user_id_hashes=users, posts=liked, shares=np.ones(USERS),
            gains=np.stack([np.full(USERS, 0.05), np.full(USERS, 0.05), of_plain]), served=LikeSources.unknown(USERS),
        ),
        asked=AskedLists(
            user_id_hashes=users,
            n_relevant=np.ones(USERS, np.int64),
            lists=SourceLists(
                posts=posts,
                values=values,
                logits=logits,
                popularity=np.zeros((USERS, LENGTH), np.float32),
                age_days=np.zeros((USERS, LENGTH), np.float32),
            ),
            pair_asked=users,
            pair_posts=liked,
        ),
    )  # fmt: skip


def learned(*cuts: CutFigures) -> LearnedRanking:
    return with_learned(cuts, (PLAIN,), HISTORY, LENGTH)


def figures(ranking: LearnedRanking, ranker: int = -1) -> list[float]:
    return [float(each.by_ranker[ranker, :, NDCG].mean()) for each in ranking.cuts]


@pytest.fixture(scope="module")
def told() -> LearnedRanking:
    return learned(*(cut(number) for number in range(4)))


def test_what_tells_on_earlier_cuts_ranks_later_ones(told: LearnedRanking) -> None:
    assert told.rankers == (PLAIN, LEARNED)
    assert told.trees is not None
    of_plain, of_learned = figures(told, 0), figures(told)
    assert of_learned[0] == of_plain[0], "there was nothing to learn from"
    assert min(of_learned[2:]) > 0.5


def test_the_parts_of_its_figure_add_up_to_it(told: LearnedRanking) -> None:
    for each in told.cuts:
        np.testing.assert_allclose(each.pairs.gains[-1].sum() / USERS, each.by_ranker[-1, :, NDCG].mean())


def test_it_is_chosen_where_it_is_proven_better(told: LearnedRanking) -> None:
    replay = replay_of(told.cuts, told.rankers, n_warm_up=1, n_posts=9, min_known=3, generator=np.random.default_rng(0))
    assert replay.ranker.learned
    assert replay.cuts[-1].ranker.learned
    assert not replay.cuts[0].ranker.learned, "the warm-up alone proves nothing of it"


def test_a_cut_is_not_judged_by_what_it_taught() -> None:
    cuts = [cut(number) for number in range(3)]
    of_another_world = learned(*cuts[:2], cut(9, told=False))
    assert figures(learned(*cuts))[:2] == figures(of_another_world)[:2]


def test_where_nothing_tells_it_is_not_chosen() -> None:
    ranking = learned(*(cut(number, told=False) for number in range(3)))
    generator = np.random.default_rng(0)
    replay = replay_of(ranking.cuts, ranking.rankers, n_warm_up=1, n_posts=9, min_known=3, generator=generator)
    assert replay.ranker == PLAIN


def test_without_lists_of_every_cut_there_is_no_such_ranker() -> None:
    ranking = learned(cut(0), replace(cut(1), asked=None), cut(2))
    assert (ranking.rankers, ranking.trees) == ((PLAIN,), None)
