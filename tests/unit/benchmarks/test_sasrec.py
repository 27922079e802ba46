from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import sasrec
from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.npz import read_npz
from benchmarks.quality.protocols import main_protocol
from benchmarks.quality.sasrec import Learner
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import Popularity
from tests.quality_worlds import STEPS, WALKERS, ring, write


@pytest.fixture
def walks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QualityData:
    for name, small in {"STEPS_A_ROUND": 20, "MAX_ROUNDS": 2, "WINDOWS": 40, "LEARNING_RATE": 0.02}.items():
        monkeypatch.setattr(sasrec, name, small)
    return lined_up(read_npz(write(tmp_path, ring()), name="ring"))


def ndcg(ranker: Ranker, data: QualityData) -> float:
    return float(main_protocol(data)[1](ranker, data).values["ndcg@5"].mean())


def test_it_learns_the_way_that_popularity_cannot_see(walks: QualityData) -> None:
    made = sasrec.sasrec(walks)(1)
    assert made.setting in {"20 steps", "40 steps"}
    assert ndcg(made.ranker, walks) > 0.9 > 0.3 > ndcg(Popularity(walks.train_likes), walks)


def test_it_answers_from_the_latest_like_not_from_a_later_place_of_the_block(walks: QualityData) -> None:
    learner = Learner(walks, seed=1)
    all_at_once = learner.scores(slice(0, WALKERS))
    one_by_one = np.concatenate([learner.scores(slice(row, row + 1)) for row in range(3)])
    np.testing.assert_allclose(all_at_once[:3], one_by_one, rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_scores(walks: QualityData, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = []
    monkeypatch.setattr(sasrec, "STEPS_A_ROUND", 2)
    for seed in (1, 1, 2):
        learner = Learner(walks, seed=seed)
        learner.one_round()
        scores.append(learner.scores(slice(0, 4)))
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0], scores[2])


def test_a_window_is_the_latest_likes_and_no_other_users(walks: QualityData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sasrec, "LONGEST", 3)
    learner = Learner(walks, seed=1)
    known = sasrec._Sequences(posts=walks.histories.in_order, starts=walks.histories.likes.starts)
    windows, counts = known.windows(known.starts[[1, 2]], np.array([0, 1]), 3)
    assert counts.tolist() == [3, 3]
    assert windows[0].tolist() == walks.histories.in_order[STEPS - 4 : STEPS - 1].tolist()
    assert learner.scores(slice(0, 2)).shape == (2, len(walks.posts.id_hashes))
