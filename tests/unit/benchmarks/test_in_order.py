"""Baselines that read a history in its order, on people who walk round a ring of posts, one step at a time."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.in_order import decayed_histories, transitions
from benchmarks.quality.npz import read_npz
from benchmarks.quality.protocols import LAST_OUT, main_protocol
from benchmarks.quality.systems import systems_named
from benchmarks.quality.validation import validation_of
from s02_train_neucf.evaluation.ranker import Ranker
from tests.quality_worlds import RING, STEPS, write
from tests.quality_worlds import WALKERS as N_USERS
from tests.quality_worlds import ring as ring_world


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> QualityData:
    return lined_up(read_npz(write(tmp_path_factory.mktemp("ring"), ring_world()), name="ring"))


def ndcg(ranker: Ranker, data: QualityData) -> float:
    return float(main_protocol(data)[1](ranker, data).values["ndcg@5"].mean())


def test_the_last_event_is_asked_for_and_the_one_before_it_is_known(ring: QualityData) -> None:
    assert main_protocol(ring)[0] == LAST_OUT
    assert ring.train_likes.counts.tolist() == [STEPS - 1] * N_USERS
    latest = ring.train.post_id_hashes[np.argsort(ring.train.user_id_hashes, kind="stable")].reshape(N_USERS, -1)[:, -1]
    assert ((latest + 1) % RING == ring.test_likes.posts).all()


def test_validation_asks_for_the_event_before_and_does_not_know_it(ring: QualityData) -> None:
    inner = validation_of(ring)
    assert inner is not None
    assert inner.train_likes.counts.tolist() == [STEPS - 2] * N_USERS


def test_a_val_pair_that_is_known_is_not_known_twice(tmp_path: Path) -> None:
    pairs = np.array([[1, 10], [1, 11], [2, 10], [2, 12]])
    arrays = {
        "train": pairs, "train_time": np.arange(4.0), "val": np.array([[1, 10], [2, 11]]),
        "test": np.array([[1, 12], [2, 13]]),
    }  # fmt: skip
    data = lined_up(read_npz(write(tmp_path, arrays), name="repeats"))
    assert len(data.train) == len(data.train_likes.posts) == 5
    assert data.val is not None
    assert data.val.user_id_hashes.tolist() == [2]


def test_transitions_know_the_way_and_likes_without_order_do_not(ring: QualityData) -> None:
    assert ndcg(transitions(ring, 0.75, 1.0), ring) > 0.99
    plain = systems_named("ease", ring)["ease"].prepare(ring)(1).ranker
    assert ndcg(plain, ring) < 0.9


@pytest.mark.parametrize("name", ["item-knn-decayed", "ease-decayed"])
def test_a_decayed_history_is_better_than_a_plain_one(ring: QualityData, name: str) -> None:
    systems = systems_named(f"{name},{name.removesuffix('-decayed')}", ring)
    plain, decayed = (systems[key].prepare(ring)(1).ranker for key in (name.removesuffix("-decayed"), name))
    assert ndcg(decayed, ring) > ndcg(plain, ring)


def test_the_last_like_weighs_one_and_each_before_it_less(ring: QualityData) -> None:
    weights = decayed_histories(ring, 0.5)[[0]].toarray().ravel()
    assert sorted(weights[weights > 0]) == pytest.approx([0.5**step for step in reversed(range(STEPS - 1))])


def test_data_without_order_has_no_such_baselines(tmp_path: Path) -> None:
    pairs = np.array([[1, 1], [1, 2], [2, 1]])
    data = lined_up(read_npz(write(tmp_path, {"train": pairs[:2], "test": pairs[2:]}), name="plain"))
    assert not {"transitions", "ease-decayed"} & systems_named(None, data).keys()
