"""The compiled hidden layer gives what the plain definition in `NeuCF.score_block` gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit

from shared.errors import ScoringRefused
from shared.neucf.config import NeuCFConfig
from shared.neucf.fast import fused as module
from shared.neucf.fast.fused import FusedScorer, score_buffer
from shared.neucf.fast.kernels import Kernels, _add_mlp_with, kernels
from shared.neucf.fast.simd_lanes import LANES_AVX512, LANES_OTHER, TILE
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.score import scores_of

N_USERS, N_POSTS = 5, 2 * TILE + 7  # the last tile is not full


def world(tower: tuple[int, ...], n_posts: int = N_POSTS) -> tuple[NeuCF, UserSide, PostSide]:
    """A model whose every weight matters, biases too."""
    model = NeuCF(NeuCFConfig(gmf_width=3, mlp_width=4, tower=tower), n_user_rows=1, n_post_rows=1).eval()
    chance = torch.Generator().manual_seed(len(tower))
    with torch.no_grad():
        for weights in model.parameters():
            weights.normal_(generator=chance)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=chance)

    users = UserSide(drawn(N_USERS, 3), drawn(N_USERS, tower[0]))
    return model, users, PostSide(drawn(n_posts, 3), drawn(n_posts, tower[0]), drawn(n_posts))


def compiled_for(lanes: int) -> Callable[[], Kernels]:
    add_mlp: Any = njit(nogil=True)(_add_mlp_with(lanes))
    rest = kernels()
    made = Kernels(
        add_mlp=add_mlp, withhold=rest.withhold, offer=rest.offer, settle=rest.settle, count_bad=rest.count_bad
    )
    return lambda: made


@pytest.mark.parametrize("tower", [(1,), (8,), (24,), (5, 3)])  # more layers than one are not compiled
@torch.no_grad()
def test_towers_of_any_shape_give_the_plain_scores(tower: tuple[int, ...]) -> None:
    model, users, posts = world(tower)
    plain = model.score_block(users, posts).numpy()
    np.testing.assert_allclose(scores_of(model, users, posts), plain, rtol=1e-4, atol=1e-4 * np.abs(plain).max())


@pytest.mark.parametrize("lanes", [LANES_AVX512, LANES_OTHER])
@torch.no_grad()
def test_vectors_of_either_width_give_the_plain_scores(lanes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, users, posts = world((12,))
    monkeypatch.setattr(module, "kernels", compiled_for(lanes))
    plain = model.score_block(users, posts).numpy()
    np.testing.assert_allclose(scores_of(model, users, posts), plain, rtol=1e-4, atol=1e-4 * np.abs(plain).max())


@torch.no_grad()
def test_posts_of_several_blocks_stand_in_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    model, users, posts = world((6,), n_posts=3 * TILE + 1)
    whole = scores_of(model, users, posts)
    monkeypatch.setattr("shared.neucf.score.POSTS_AT_ONCE", TILE)
    monkeypatch.setattr("shared.neucf.score.USERS_AT_ONCE", 2)
    np.testing.assert_allclose(scores_of(model, users, posts), whole, rtol=1e-5, atol=1e-5)


def test_what_follows_the_last_post_is_never_the_best() -> None:
    model, users, posts = world((6,))
    scores = FusedScorer(model, posts).scores(users, slice(0, N_POSTS), score_buffer(N_USERS))
    assert np.isneginf(scores[:, N_POSTS : 3 * TILE]).all()
    assert np.isfinite(scores[:, :N_POSTS]).all()


@pytest.mark.parametrize("tower", [(6,), (6, 4)])
@pytest.mark.parametrize("side", ["user", "post"])
def test_a_hidden_number_that_is_none_is_refused_and_not_rectified_away(side: str, tower: tuple[int, ...]) -> None:
    model, users, posts = world(tower)
    (users if side == "user" else posts).hidden[1, 2] = torch.nan
    with pytest.raises(ScoringRefused, match="NaN"):
        scores_of(model, users, posts)
