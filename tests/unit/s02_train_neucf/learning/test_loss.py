import math

import numpy as np
import pytest
import torch

from s02_train_neucf.data.dataset import training_set
from s02_train_neucf.learning.batches import Batch
from s02_train_neucf.learning.loss import Step
from shared.neucf.config import NeuCFConfig
from shared.neucf.model import NeuCF
from tests.neucf_worlds import examples_from, posts_of

CONFIG = NeuCFConfig(gmf_width=2, mlp_width=2, tower=(2,), id_dropout=0.0)


def step_where_all_scores_are_equal(created_at: list[float] | None = None) -> Step:
    """One user who likes posts 1, 2 (at times 0, 1) of five that others like; every score is 0."""
    pairs = [(1, 1), (1, 2), *((2, post) for post in range(1, 6))]
    data = training_set(examples_from(pairs), posts_of([1, 2, 3, 4, 5], created_at=created_at))
    model = NeuCF(CONFIG, n_user_rows=3, n_post_rows=6)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    return Step(model, data, torch.Generator())


def batch(*, history: list[int], targets: list[int], probability: float = 1.0) -> Batch:
    """User 1, with the indices of history posts and of targets."""
    return Batch(
        user_rows=np.array([1]),
        post_rows=np.arange(1, 6),
        inclusion_probability=np.array([1, 1, probability, probability, probability], dtype=np.float32),
        history_posts=np.array(history, dtype=np.int64),
        history_starts=np.array([0]),
        history_users=np.zeros(len(history), dtype=np.int64),
        target_users=np.zeros(len(targets), dtype=np.int64),
        target_posts=np.array(targets, dtype=np.int64),
        target_at=np.array([float(post) for post in targets]),
    )


def test_a_like_competes_with_every_post() -> None:
    loss = step_where_all_scores_are_equal().loss(batch(history=[], targets=[1]))
    assert loss.item() == pytest.approx(math.log(5))


def test_a_like_does_not_compete_with_posts_of_the_history() -> None:
    loss = step_where_all_scores_are_equal().loss(batch(history=[0], targets=[1]))
    assert loss.item() == pytest.approx(math.log(4))


def test_a_like_does_not_compete_with_posts_that_came_later() -> None:
    step = step_where_all_scores_are_equal([0.0, 0.0, 0.5, 2.0, 3.0])
    assert step.loss(batch(history=[], targets=[1])).item() == pytest.approx(math.log(3))


def test_a_like_of_a_post_dated_later_counts() -> None:
    step = step_where_all_scores_are_equal([0.0, 9.0, 0.0, 0.0, 0.0])
    assert step.loss(batch(history=[], targets=[1])).item() == pytest.approx(math.log(5))


def test_a_post_that_is_sampled_half_the_time_counts_twice() -> None:
    loss = step_where_all_scores_are_equal().loss(batch(history=[], targets=[1], probability=0.5))
    assert loss.item() == pytest.approx(math.log(1 + 1 + 3 / 0.5))
