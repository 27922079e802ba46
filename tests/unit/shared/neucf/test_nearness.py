"""Unseen posts are scored by learned content and by nearness to liked posts: as defined, and only they."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shared.neucf import score as score_module
from shared.neucf.config import NeuCFConfig
from shared.neucf.fast import fused
from shared.neucf.fast.simd_lanes import TILE
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.merge import merge_members, split_members
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.score import post_side_from, scores_of, user_side_of, vectors_of

CPU = torch.device("cpu")
N_USERS, N_POSTS, N_SEEN = 4, 2 * TILE + 9, 11
CONFIG = NeuCFConfig(gmf_width=6, mlp_width=3, tower=(4,), image_width=7, caption_width=5, content_width=4, nearness=32)
ROWS = np.where(np.arange(N_POSTS) < N_SEEN, np.arange(N_POSTS) + 1, 0)  # the later posts are unseen
LIKED, STARTS = np.array([0, 3, 40, 1, 2, 5, 6, 33]), np.array([0, 3, 3, 5])  # the second user likes nothing
WEIGHTS = (0.5, 1.5)
chance = np.random.default_rng(1)
FEATURES = PostFeatures(
    image=ContentVectors(chance.normal(size=(N_POSTS, 7)).astype(np.float32), np.arange(N_POSTS) % 4 > 0),
    caption=ContentVectors(chance.normal(size=(N_POSTS, 5)).astype(np.float32), np.arange(N_POSTS) % 5 > 0),
)
Scores = NDArray[np.float32]


def model_of(config: NeuCFConfig = CONFIG, seed: int = 0) -> NeuCF:
    """A model with every weight away from where it starts, and a reference."""
    model = NeuCF(config, n_user_rows=N_USERS + 1, n_post_rows=N_SEEN + 1).eval()
    generator = torch.Generator().manual_seed(seed)
    model.start(generator)
    for layer, vectors in ((model.image, FEATURES.image), (model.caption, FEATURES.caption)):
        assert layer is not None
        assert vectors is not None
        layer.fit(vectors)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.3)
        if model.nearness is not None:
            content = model.post_input(torch.from_numpy(ROWS), FEATURES)
            model.nearness.fit(content.image, content.caption)
            model.nearness.weights.copy_(torch.tensor(WEIGHTS))
    return model


def sides(model: NeuCF) -> tuple[UserSide, PostSide]:
    vectors = vectors_of(model, ROWS, FEATURES, CPU)
    users = user_side_of(model, np.arange(1, N_USERS + 1), LIKED, STARTS, vectors)
    return users, post_side_from(model, vectors, ROWS)


def scores(model: NeuCF) -> Scores:
    return scores_of(model, *sides(model))


def learned(model: NeuCF) -> NeuCF:
    """The same model without nearness."""
    plain = NeuCF(replace(model.config, nearness=0), n_user_rows=N_USERS + 1, n_post_rows=N_SEEN + 1).eval()
    plain.load_state_dict({name: each for name, each in model.state_dict().items() if "nearness" not in name})
    return plain


def units_of(model: NeuCF, part: str) -> Scores:
    """The directions of the reduced vectors of all posts, zeros for a missing one."""
    content = model.post_input(torch.from_numpy(ROWS), FEATURES)
    reduced = content.image if part == "image" else content.caption
    assert reduced is not None
    values = reduced.values.numpy()
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0), dtype=np.float32)


def reference_posts() -> list[int]:
    """The posts of the reference: as many of those with content as it has places for, evenly."""
    assert FEATURES.image is not None
    assert FEATURES.caption is not None
    known = np.flatnonzero(FEATURES.image.known | FEATURES.caption.known)
    return [int(known[place * len(known) // CONFIG.nearness]) for place in range(CONFIG.nearness)]


def by_definition(model: NeuCF, user: int) -> Scores:
    """The scores of all posts as if unseen, by loops. -> (n_posts,)"""
    plain = learned(model)
    everywhere = np.zeros_like(ROWS)
    vectors = vectors_of(plain, ROWS, FEATURES, CPU)
    users = user_side_of(plain, np.arange(1, N_USERS + 1), LIKED, STARTS, vectors)
    unseen = post_side_from(plain, vectors_of(plain, everywhere, FEATURES, CPU), everywhere)
    own = scores_of(plain, users, unseen)[user].astype(np.float64)
    reference = reference_posts()
    mean, spread = own[reference].mean(), own[reference].std()
    total = (own - mean) / spread
    liked = LIKED[STARTS[user] : [*STARTS, len(LIKED)][user + 1]]
    for part, weight in zip(("image", "caption"), WEIGHTS, strict=True):
        units = units_of(model, part)
        known = (units != 0).any(axis=1)
        near = np.array([np.mean([units[q] @ units[p] for q in liked]) if len(liked) else 0.0 for p in range(N_POSTS)])
        compared = near[[p for p in reference if known[p]]]
        if len(liked):
            total += weight * np.where(known, (near - compared.mean()) / compared.std(), 0.0)
    return np.asarray(mean + spread * total / total[reference].std(), dtype=np.float32)


@pytest.mark.parametrize("user", range(N_USERS))
def test_the_factored_score_of_unseen_posts_is_the_definition(user: int) -> None:
    model = model_of()
    np.testing.assert_allclose(scores(model)[user, N_SEEN:], by_definition(model, user)[N_SEEN:], atol=2e-4)


def test_it_is_so_too_where_the_order_of_likes_counts() -> None:
    model = model_of(replace(CONFIG, recent=2, recent_hidden=3))
    np.testing.assert_allclose(scores(model)[2, N_SEEN:], by_definition(model, 2)[N_SEEN:], atol=2e-4)


def test_posts_with_a_row_are_scored_as_without_nearness() -> None:
    model = model_of()
    before, after = scores(learned(model)), scores(model)
    np.testing.assert_array_equal(after[:, :N_SEEN], before[:, :N_SEEN])
    assert np.abs(after[[0, 2, 3], N_SEEN:] - before[[0, 2, 3], N_SEEN:]).max() > 0.1


def test_someone_without_likes_has_the_learned_scores() -> None:
    model = model_of()
    np.testing.assert_allclose(scores(model)[1], scores(learned(model))[1], atol=1e-5)


def test_before_the_fit_nearness_counts_nothing() -> None:
    model = model_of()
    fresh = NeuCF(CONFIG, n_user_rows=N_USERS + 1, n_post_rows=N_SEEN + 1).eval()
    fresh.load_state_dict({**fresh.state_dict(), **learned(model).state_dict()})
    np.testing.assert_allclose(scores(fresh), scores(learned(model)), atol=1e-5)


def test_the_plain_definition_and_the_compiled_one_agree_in_blocks_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = model_of()
    users, posts = sides(model)
    with torch.no_grad():
        plain = model.score_block(users, posts).numpy()
    monkeypatch.setattr(fused, "POSTS_AT_ONCE", TILE)
    monkeypatch.setattr(score_module, "POSTS_AT_ONCE", TILE)
    monkeypatch.setattr(score_module, "USERS_AT_ONCE", 3)
    monkeypatch.setattr(score_module, "TASTES_AT_ONCE", 2)
    np.testing.assert_allclose(scores(model), plain, atol=1e-4)


def test_a_post_like_those_liked_is_above_its_opposite() -> None:
    """Learned content says nothing here, so that nearness alone decides."""
    model = model_of()
    assert model.image is not None
    assert FEATURES.image is not None
    photos = FEATURES.image.values.copy()
    photos[-2], photos[-1] = photos[LIKED[1]], 2 * photos.mean(axis=0) - photos[LIKED[1]]
    features = PostFeatures(image=ContentVectors(photos, np.r_[FEATURES.image.known[:-2], True, True]))
    vectors = vectors_of(model, ROWS, features, CPU)
    users = user_side_of(model, np.array([0]), LIKED[1:2], np.zeros(1, np.int64), vectors)
    without = user_side_of(learned(model), np.array([0]), LIKED[1:2], np.zeros(1, np.int64), vectors)
    posts = post_side_from(model, vectors, ROWS)
    near, far = scores_of(model, users, posts)[0, -2:]
    near_before, far_before = scores_of(model, without, posts)[0, -2:]
    assert near - far > near_before - far_before


def test_a_users_unseen_posts_keep_the_mean_and_the_spread_of_their_scores() -> None:
    model = model_of()
    everywhere, reference = np.zeros(CONFIG.nearness, np.int64), np.array(reference_posts())
    vectors = vectors_of(model, ROWS, FEATURES, CPU)
    users = user_side_of(model, np.arange(1, N_USERS + 1), LIKED, STARTS, vectors)
    posts = post_side_from(model, vectors_of(model, everywhere, FEATURES.take(reference), CPU), everywhere)
    before, after = scores_of(model, UserSide(users.gmf, users.hidden), posts), scores_of(model, users, posts)
    assert np.abs(after - before)[0].max() > 0.1
    np.testing.assert_allclose(after.mean(axis=1), before.mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(after.std(axis=1), before.std(axis=1), rtol=1e-4)


def test_members_share_the_nearness_which_is_added_once() -> None:
    members = [model_of(seed=seed) for seed in range(3)]
    whole = merge_members(members)
    assert whole.nearness is not None
    mean = np.mean([scores(learned(each)) for each in members], axis=0)
    np.testing.assert_allclose(scores(learned(whole)), mean, atol=1e-4)
    np.testing.assert_allclose(scores(whole)[2, N_SEEN:], by_definition(whole, 2)[N_SEEN:], atol=2e-4)
    for part in split_members(whole, CONFIG):
        assert part.nearness is not None
        for name, values in part.nearness.state_dict().items():
            assert torch.equal(values, whole.nearness.state_dict()[name])
