import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from shared.errors import ScoringRefused
from shared.neucf import score as module
from shared.neucf.config import NeuCFConfig
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF
from shared.neucf.score import best_posts, post_side_of, scores_of

few_scores = arrays(np.float32, (3, 7), elements=st.sampled_from([-2.5, -0.0, 0.0, 1.0, 1e30, -1e30]))
few_dropped = arrays(np.bool_, (3, 7))
CPU = torch.device("cpu")


@settings(deadline=None)  # the first call compiles
@given(few_scores, few_dropped, st.integers(1, 9))
def test_the_best_are_those_of_a_full_sort(scores: NDArray[np.float32], dropped: NDArray[np.bool_], k: int) -> None:
    indices, values = best_posts(scores, dropped, k)
    for user in range(3):
        full = sorted((p for p in range(7) if not dropped[user, p]), key=lambda p: (-scores[user, p], p))[:k]
        assert indices[user].tolist() == full + [NO_POST] * (k - len(full))
        assert values[user].tolist() == [scores[user, p] for p in full] + [-np.inf] * (k - len(full))


def test_of_equal_scores_the_earlier_post_comes_first() -> None:
    indices, _ = best_posts(np.zeros((1, 5), np.float32), np.zeros((1, 5), np.bool_), 3)
    assert indices.tolist() == [[0, 1, 2]]


def model_of(n_posts: int) -> NeuCF:
    model = NeuCF(NeuCFConfig(gmf_width=4, mlp_width=2, tower=(3,)), n_user_rows=3, n_post_rows=n_posts + 1).eval()
    model.start(torch.Generator().manual_seed(0))
    return model


def test_blocks_of_any_size_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    model, model_rows = model_of(20), np.arange(1, 21)
    users = model.user_side(torch.arange(3))
    whole = scores_of(model, users, post_side_of(model, model_rows, NO_FEATURES, CPU))
    monkeypatch.setattr(module, "JOINED_AT_ONCE", 3)
    monkeypatch.setattr(module, "USERS_AT_ONCE", 2)
    np.testing.assert_allclose(
        scores_of(model, users, post_side_of(model, model_rows, NO_FEATURES, CPU)), whole, rtol=1e-5
    )


def test_a_score_that_is_no_number_is_refused() -> None:
    model = model_of(4)
    with torch.no_grad():
        model.post_bias[2] = torch.nan
    with pytest.raises(ScoringRefused, match="3 of 12 are NaN"):
        scores_of(model, model.user_side(torch.arange(3)), post_side_of(model, np.arange(1, 5), NO_FEATURES, CPU))


def test_scoring_keeps_no_graph() -> None:
    assert not post_side_of(model_of(4), np.arange(1, 5), NO_FEATURES, CPU).gmf.requires_grad
