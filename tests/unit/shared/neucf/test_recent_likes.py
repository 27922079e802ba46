"""The means of a user's latest likes, in order, and the vector that is made of them."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from shared.neucf.config import NeuCFConfig
from shared.neucf.recent_likes import STEP_WEIGHTS, RecentLikes, decayed_means, latest_likes

VECTORS = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
LIKED, STARTS = np.array([3, 1, 4, 0, 5, 2]), np.array([0, 3, 3, 4])  # of four users; the second has none


def test_the_last_likes_of_each_user_end_with_the_last_one() -> None:
    assert_array_equal(latest_likes(LIKED, STARTS, 2), [[1, 4], [-1, -1], [-1, 0], [5, 2]])


def test_nobody_has_no_rows() -> None:
    nobody = np.zeros(0, np.int64)
    assert latest_likes(nobody, nobody, 3).shape == (0, 3)


def test_a_mean_weighs_each_step_back_by_its_share() -> None:
    means = decayed_means(VECTORS, torch.tensor([[-1, 3, 1, 4]]))
    for mean, share in zip(means[0], STEP_WEIGHTS, strict=True):
        weighted = share**2 * VECTORS[3] + share * VECTORS[1] + VECTORS[4]
        torch.testing.assert_close(mean, weighted / (share**2 + share + 1))


@pytest.mark.parametrize("full", [False, True])
def test_at_first_a_user_is_the_mean_of_the_means(*, full: bool) -> None:
    layer = RecentLikes(NeuCFConfig(gmf_width=4, mlp_width=1, recent=3, recent_hidden=2, recent_full=full))
    layer.start(torch.Generator().manual_seed(1))
    means = torch.randn(2, len(STEP_WEIGHTS), 5)
    torch.testing.assert_close(layer(means), means.mean(dim=1))


@pytest.mark.parametrize("full", [False, True])
def test_someone_without_likes_gets_nothing(*, full: bool) -> None:
    config = NeuCFConfig(gmf_width=4, mlp_width=1, recent=3, recent_hidden=2, recent_full=full)
    layer = RecentLikes(config)
    with torch.no_grad():
        for weights in layer.parameters():
            weights.fill_(0.5)
        assert layer(decayed_means(VECTORS, torch.full((1, 3), -1))).abs().max() == 0


def test_the_order_counts() -> None:
    there, back = torch.tensor([[3, 1, 4]]), torch.tensor([[4, 1, 3]])
    assert not torch.allclose(decayed_means(VECTORS, there), decayed_means(VECTORS, back))
