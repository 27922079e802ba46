"""A part of a post's content counts in nearness as far as likes of the training follow it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.learning import nearness_weights as module
from s02_train_neucf.learning.nearness_weights import WEIGHT, liked_above_average
from s02_train_neucf.learning.train import train
from shared.neucf.features import ContentVectors, PostFeatures
from tests.neucf_worlds import QUICK, SMALL, camp_photos, two_camps

CPU = torch.device("cpu")
CAMPS = two_camps()
PHOTOS = camp_photos(CAMPS.posts, {}).image
N_POSTS = len(CAMPS.posts.id_hashes)
NOISE = np.random.default_rng(5).normal(size=(N_POSTS, 6)).astype(np.float32)
ONE_EPOCH = replace(QUICK, epochs=1)


def weights_of(image: ContentVectors | None, caption: ContentVectors | None) -> list[float]:
    config = replace(SMALL, image_width=6 if image else 0, caption_width=6 if caption else 0)
    data = CAMPS.data(PostFeatures(image=image, caption=caption))
    model = train(data, config, ONE_EPOCH, seed=1, device=CPU).model
    assert model.nearness is not None
    weights: list[float] = model.nearness.weights.tolist()
    return weights


def test_photos_that_show_what_people_like_count_and_captions_of_noise_do_not() -> None:
    image, caption = weights_of(PHOTOS, ContentVectors(NOISE, np.ones(N_POSTS, np.bool_)))
    assert image > 1
    assert caption < 0.1


def test_content_that_people_avoid_has_no_weight_of_its_own() -> None:
    """Each user likes posts of both camps, one and then the other: the next is the opposite of the last."""
    assert PHOTOS is not None
    units = torch.nn.functional.pad(torch.tensor([[1.0], [-1.0], [1.0], [-1.0]]), (0, 1), value=1.0)
    likes = LikeMatrix.of(np.array([1, 1, 2, 2]), np.array([1, 2, 3, 4]), n_users=3, n_posts=5)
    assert liked_above_average(units, units, likes) < 0


def test_a_like_is_not_compared_with_itself_nor_with_posts_without_the_part() -> None:
    """One user with a like of a post without a photo beside one with: nothing is left to compare."""
    units = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    likes = LikeMatrix.of(np.array([1, 1, 2]), np.array([1, 2, 1]), n_users=3, n_posts=3)
    assert liked_above_average(units, units, likes) == 0.0


def test_the_distance_is_in_spreads_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """By loops, and in parts as small as one like."""
    chance = np.random.default_rng(2)
    values = chance.normal(size=(9, 4))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    units = torch.nn.functional.pad(torch.tensor(values, dtype=torch.float32), (0, 1), value=1.0)
    users, posts = np.array([1, 1, 1, 2, 2, 3]), np.array([1, 4, 7, 2, 9, 3])
    distances = []
    for user, post in zip(users[:-1], posts[:-1], strict=True):  # the last user has no other like
        others = values[[q - 1 for u, q in zip(users, posts, strict=True) if u == user and q != post]].mean(axis=0)
        near = values @ others
        distances.append((near[post - 1] - near.mean()) / near.std())
    likes = LikeMatrix.of(users, posts, n_users=4, n_posts=10)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    assert liked_above_average(units, units, likes) == pytest.approx(np.mean(distances), abs=1e-5)


def test_of_many_likes_some_users_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LIKES", 3)
    units = torch.nn.functional.pad(torch.tensor([[1.0], [-1.0]]), (0, 1), value=1.0)
    twice = np.repeat([1, 2, 3], 2)
    likes = LikeMatrix.of(twice, np.array([1, 2, 1, 2, 1, 2]), n_users=4, n_posts=3)
    assert module._some_users(likes).tolist() == [1, 3]
    assert liked_above_average(units, units, likes) == pytest.approx(-1.0)


def test_the_weight_is_that_of_the_squared_distance() -> None:
    assert PHOTOS is not None
    data = CAMPS.data(PostFeatures(image=PHOTOS))
    model = train(data, replace(SMALL, image_width=6), ONE_EPOCH, seed=1, device=CPU).model
    assert model.nearness is not None
    posts = model.post_input(torch.arange(1, data.posts.n_rows), data.features)
    units = model.units(posts)
    reference, _ = model.nearness.reference()
    assert units is not None
    above = liked_above_average(units, model.nearness.units(reference, None, model.config.nearness), data.likes)
    assert model.nearness.weights.tolist() == pytest.approx([WEIGHT * above**2])


def test_the_training_says_how_much_content_counts_beside_likes() -> None:
    assert PHOTOS is not None
    data = CAMPS.data(PostFeatures(image=PHOTOS))
    model = train(data, replace(SMALL, image_width=6), ONE_EPOCH, seed=1, device=CPU).model
    n_likes = np.bincount(data.likes.posts, minlength=data.posts.n_rows)
    half = model.config.content_half_likes
    assert model.content_share is not None
    np.testing.assert_allclose(model.content_share.numpy(), half / (half + n_likes), rtol=1e-6)
    assert model.content_share[0] == 1.0
