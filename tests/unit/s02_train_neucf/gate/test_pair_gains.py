"""What each liked post gives: the parts whose sum is the figure."""

import numpy as np

from s02_train_neucf.data.like_sources import LikeSources
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.gate.pair_gains import PairGains, pair_gains_of


def unknown(users: np.ndarray, _posts: np.ndarray) -> LikeSources:
    return LikeSources.unknown(len(users))


def test_the_parts_of_a_user_add_up_to_the_users_figure() -> None:
    generator = np.random.default_rng(1)
    relevant = generator.random((7, 30)) < 0.2
    relevant[:, 0] = True
    lists = np.stack([generator.permuted(np.tile(np.arange(30), (7, 1)), axis=1)[:, :20] for _ in range(3)])
    lists[1, :, 4:] = -1  # a short list
    users = np.arange(100, 107)
    pairs = pair_gains_of(lists, relevant, users, np.arange(500, 530), unknown)
    hits = np.take_along_axis(relevant[None], np.maximum(lists, 0), axis=2) & (lists >= 0)
    for system in range(3):
        figures = metrics.ndcg(hits[system], relevant.sum(axis=1), 10)
        np.testing.assert_allclose(np.bincount(pairs.user_id_hashes - 100, pairs.gains[system]), figures)
    np.testing.assert_allclose(np.bincount(pairs.user_id_hashes - 100, pairs.shares), 1.0)
    assert set(pairs.posts - 500) == set(np.nonzero(relevant)[1])


def test_a_user_of_several_steps_has_the_mean_of_them() -> None:
    first, second = (
        pair_gains_of(np.array([[[0, 1]]]), np.array([[True, liked]]), np.array([5]), np.array([7, 8]), unknown)
        for liked in (False, True)
    )
    pooled = PairGains.joined([first, second], n_systems=1).averaged(np.array([5]), np.array([2]))
    np.testing.assert_allclose(pooled.shares.sum(), 1.0)
    np.testing.assert_allclose(pooled.gains.sum(), 1.0)
    assert len(pooled) == 3


def test_no_step_is_no_pair() -> None:
    assert len(PairGains.joined([], n_systems=4)) == 0
