import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shared.neucf import content as module
from shared.neucf.config import NeuCFConfig
from shared.neucf.content import ContentLayer, principal_components
from shared.neucf.features import ContentVectors
from tests.neucf_worlds import vectors

WIDTH, KEPT = 12, 3
SPREAD = np.r_[9.0, 5.0, 3.0, np.full(WIDTH - KEPT, 0.01)]  # of the axes of `photos`


def photos(n: int = 60) -> NDArray[np.float32]:
    """Vectors that spread along three axes and hardly along nine others."""
    values: NDArray[np.float64] = np.random.default_rng(1).normal(size=(n, WIDTH)) * SPREAD + 2.0
    return values.astype(np.float32)


def fitted(values: NDArray[np.float32], *known: int) -> ContentLayer:
    content = ContentLayer.of(WIDTH, NeuCFConfig(content_width=KEPT))
    content.fit(vectors(values, *known) if known else everything(values))
    return content


def everything(values: NDArray[np.float32]) -> ContentVectors:
    return ContentVectors(values, np.ones(len(values), np.bool_))


def test_the_components_are_the_directions_of_greatest_spread() -> None:
    centered = photos() - photos().mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    found = principal_components(torch.from_numpy(centered), KEPT).numpy()
    np.testing.assert_allclose(np.abs((found * axes[:KEPT]).sum(axis=1)), 1.0, atol=1e-4)


def test_distances_survive_the_reduction() -> None:
    values, reduced = photos(), fitted(photos()).reduce(everything(photos())).values.numpy()
    before, after = np.linalg.norm(values[1:] - values[0], axis=1), np.linalg.norm(reduced[1:] - reduced[0], axis=1)
    np.testing.assert_allclose(after / before, (after / before)[0], rtol=1e-3)


def test_reduced_vectors_have_a_mean_length_of_one() -> None:
    reduced = fitted(photos()).reduce(everything(photos())).values
    assert float(reduced.norm(dim=1).mean()) == pytest.approx(1.0, rel=1e-4)


def test_the_scale_of_an_encoder_does_not_matter() -> None:
    one, other = (fitted(seen).reduce(everything(seen)).values for seen in (photos(), photos() * 40 + 3))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_equal_vectors_give_equal_components() -> None:
    assert torch.equal(fitted(photos()).components, fitted(photos()).components)


def test_fitting_leaves_the_worlds_chance_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    fitted(photos())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_missing_vector_does_not_count_when_fitting() -> None:
    broken = photos()
    broken[0] = np.nan
    known = range(1, len(broken))
    assert torch.equal(fitted(broken, *known).components, fitted(photos()[1:]).components)


def test_a_missing_vector_is_reduced_to_zeros() -> None:
    reduced = fitted(photos()).reduce(vectors(np.full((2, WIDTH), np.nan, np.float32)))
    assert (reduced.values.tolist(), reduced.known.tolist()) == ([[0.0] * KEPT] * 2, [False, False])


@pytest.mark.parametrize("values", [photos(1), np.ones((4, WIDTH), np.float32), photos(2)])
def test_fewer_vectors_than_components_and_equal_ones_are_reduced_to_finite_numbers(
    values: NDArray[np.float32],
) -> None:
    assert torch.isfinite(fitted(values).reduce(everything(photos())).values).all()


def test_no_vector_at_all_leaves_the_first_components() -> None:
    content = ContentLayer.of(WIDTH, NeuCFConfig(content_width=KEPT))
    content.fit(vectors(photos()))
    assert torch.equal(content.components, torch.eye(KEPT, WIDTH))


def test_an_encoder_narrower_than_the_content_width_keeps_its_own_width() -> None:
    assert ContentLayer.of(2, NeuCFConfig(content_width=KEPT)).components.shape == (2, 2)


def test_blocks_of_any_size_give_the_same_reduction(monkeypatch: pytest.MonkeyPatch) -> None:
    content = fitted(photos())
    whole = content.reduce(everything(photos())).values
    monkeypatch.setattr(module, "VECTORS_AT_ONCE", 7)
    torch.testing.assert_close(content.reduce(everything(photos())).values, whole)


def test_a_large_catalogue_is_fitted_on_an_even_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FITTED", 20)
    assert torch.equal(fitted(photos()).components, fitted(photos()[::3]).components)
