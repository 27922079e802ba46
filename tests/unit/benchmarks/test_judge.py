"""The made-up worlds of `benchmarks.judge`: rankers that are called equally good are."""

import numpy as np
import pytest

from benchmarks.judge import worlds
from benchmarks.judge.worlds import Noise, World

N_USERS, DECISIONS = 150, 40


@pytest.fixture(scope="module")
def world() -> World:
    return World.of(np.random.default_rng(1), n_users=N_USERS)


def test_errors_along_content_follow_one_direction_of_the_posts_vectors_and_are_of_one_size(world: World) -> None:
    generator = np.random.default_rng(2)
    first, second = (world.errors(Noise.CONTENT, generator) for _ in range(2))
    for error in (first, second, world.mixed(Noise.CONTENT, first, second)):
        direction, *_ = np.linalg.lstsq(world.posts, error[0], rcond=None)
        np.testing.assert_allclose(world.posts @ direction, error[0])
        assert error.std() == pytest.approx(1.0)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9, "each ranker has a direction of its own"


@pytest.mark.parametrize("noise", list(Noise))
def test_neither_of_two_rankers_that_err_alike_is_better(noise: Noise) -> None:
    generator = np.random.default_rng(3)
    means = [worlds.of_each_user(worlds.decision(noise, generator, n_users=N_USERS)).mean() for _ in range(DECISIONS)]
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(DECISIONS)
