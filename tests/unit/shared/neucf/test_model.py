from dataclasses import replace

import numpy as np
import pytest
import torch

from shared.neucf.config import NeuCFConfig
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF, PostInput, taste_of
from tests.neucf_worlds import vectors

CONFIG = NeuCFConfig(gmf_width=6, mlp_width=4, tower=(8, 4), image_width=5, caption_width=3, dropout=0.5)


@pytest.fixture
def model() -> NeuCF:
    return started(CONFIG)


def started(config: NeuCFConfig, seed: int = 1) -> NeuCF:
    model = NeuCF(config, n_user_rows=4, n_post_rows=6).eval()
    model.start(torch.Generator().manual_seed(seed))
    with torch.no_grad():
        model.post_bias.normal_(generator=torch.Generator().manual_seed(2))
    return model


def posts(model: NeuCF, *, model_rows: list[int], image_known: list[int]) -> PostInput:
    chance = np.random.default_rng(3)
    image = vectors(chance.normal(size=(len(model_rows), 5)).astype(np.float32), *image_known)
    caption = vectors(chance.normal(size=(len(model_rows), 3)).astype(np.float32), 0)
    return model.post_input(torch.tensor(model_rows), PostFeatures(image=image, caption=caption))


@torch.no_grad()
def test_a_score_is_the_formula_of_the_paper(model: NeuCF) -> None:
    some = posts(model, model_rows=[1, 3], image_known=[1])
    user, post = model.user_table.weight[2], model.post_vectors(some)[1]
    product = (model.gmf_weights * user[:6] * post[:6]).sum()
    hidden = torch.relu(model.user_hidden(user[6:]) + model.post_hidden(post[6:]))
    mlp = model.tower[1](torch.relu(model.tower[0](hidden)))[0]
    scores = model.score_block(model.user_side(torch.tensor([0, 2])), model.post_side(some))
    torch.testing.assert_close(scores[1, 1], product + mlp + model.post_bias[3])


@torch.no_grad()
def test_content_makes_room_for_likes(model: NeuCF) -> None:
    """Twice τ likes leave a third of it; the unknown row has none, so that its content counts whole."""
    half = model.config.content_half_likes
    some = posts(model, model_rows=[0, 1, 2], image_known=[0, 1, 2])
    ids, whole = model.post_table.weight[:3], model.post_vectors(some)
    model.set_content_share(torch.tensor([0, half, 2 * half, 0, 0, 0]))
    shares = torch.tensor([1.0, 1 / 2, 1 / 3])[:, None]
    torch.testing.assert_close(model.post_vectors(some), ids + shares * (whole - ids))


@torch.no_grad()
def test_content_may_count_whole_always() -> None:
    model = started(replace(CONFIG, content_half_likes=0))
    some = posts(model, model_rows=[1, 2], image_known=[0])
    before = model.post_vectors(some)
    model.set_content_share(torch.tensor([0, 100, 200, 0, 0, 0]))
    assert torch.equal(model.post_vectors(some), before)


@torch.no_grad()
def test_a_missing_image_is_the_learned_vector_whatever_the_memory_holds(model: NeuCF) -> None:
    some = model.post_input(torch.tensor([1]), PostFeatures(image=vectors(np.full((1, 5), np.nan, np.float32))))
    assert model.image is not None
    assert model.caption is not None
    expected = model.post_table.weight[1] + model.image.missing + model.caption.missing
    torch.testing.assert_close(model.post_vectors(some)[0], expected)


@torch.no_grad()
def test_a_missing_image_is_not_an_image_of_zeros(model: NeuCF) -> None:
    zeros, model_rows = np.zeros((1, 5), np.float32), torch.tensor([1])
    real = model.post_vectors(model.post_input(model_rows, PostFeatures(image=vectors(zeros, 0))))
    missing = model.post_vectors(model.post_input(model_rows, PostFeatures(image=vectors(zeros))))
    assert not torch.allclose(real, missing)


def test_a_missing_vector_of_nan_leaves_gradients_finite(model: NeuCF) -> None:
    some = model.post_input(torch.tensor([1]), PostFeatures(image=vectors(np.full((1, 5), np.nan, np.float32))))
    model.post_vectors(some).sum().backward()
    assert model.image is not None
    gradient = model.image.projection.weight.grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()


@torch.no_grad()
def test_posts_without_any_vectors_equal_posts_whose_vectors_are_missing(model: NeuCF) -> None:
    bare = PostInput(model_rows=torch.tensor([1, 2]))
    masked = model.post_input(
        torch.tensor([1, 2]),
        PostFeatures(image=vectors(np.ones((2, 5), np.float32)), caption=vectors(np.ones((2, 3), np.float32))),
    )
    torch.testing.assert_close(model.post_vectors(bare), model.post_vectors(masked))


@torch.no_grad()
def test_posts_taken_from_an_input_have_the_vectors_that_they_had_in_it(model: NeuCF) -> None:
    some, indices = posts(model, model_rows=[1, 2, 0], image_known=[0, 2]), torch.tensor([2, 0])
    torch.testing.assert_close(model.post_vectors(some.take(indices)), model.post_vectors(some)[indices])


@torch.no_grad()
def test_taste_is_the_mean_of_the_liked_posts_and_zero_without_any() -> None:
    vectors_of_posts = torch.tensor([[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]])
    taste = taste_of(vectors_of_posts, torch.tensor([0, 1]), torch.tensor([0, 2]))
    assert taste.tolist() == [[2.0, 1.0], [0.0, 0.0]]


@torch.no_grad()
def test_history_moves_a_user_who_has_no_row(model: NeuCF) -> None:
    unknown = torch.tensor([0])
    with_taste = model.user_side(unknown, torch.ones(1, CONFIG.width)).gmf
    assert not torch.allclose(with_taste, model.user_side(unknown).gmf)


def test_one_generator_gives_one_model() -> None:
    one, other = started(CONFIG).state_dict(), started(CONFIG).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_another_seed_gives_another_model() -> None:
    assert not torch.equal(started(CONFIG, 1).user_table.weight, started(CONFIG, 2).user_table.weight)


def test_every_initial_value_is_set_in_one_place() -> None:
    model = NeuCF(CONFIG, n_user_rows=4, n_post_rows=6)
    with torch.no_grad():
        for weights in model.parameters():
            weights.fill_(torch.nan)
    model.start(torch.Generator().manual_seed(0))
    assert all(torch.isfinite(weights).all() for weights in model.parameters())


@torch.no_grad()
def test_dropout_silences_only_with_a_generator(model: NeuCF) -> None:
    users, some = model.user_side(torch.tensor([1])), model.post_side(posts(model, model_rows=[1, 2], image_known=[0]))
    quiet = model.score_block(users, some)
    assert torch.equal(quiet, model.score_block(users, some))
    assert not torch.equal(quiet, model.score_block(users, some, torch.Generator().manual_seed(0)))
