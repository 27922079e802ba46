"""Merged members score as the mean of the members."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from shared.neucf.config import NeuCFConfig
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.merge import merge_members, split_members
from shared.neucf.model import NeuCF, taste_of
from shared.neucf.recent_likes import decayed_means

N_USERS, N_POSTS = 5, 9
ROWS = torch.arange(N_POSTS)
FEATURES = PostFeatures(
    image=ContentVectors(
        np.random.default_rng(0).normal(size=(N_POSTS, 10)).astype(np.float32), np.arange(N_POSTS) % 3 > 0
    )
)


def member(seed: int, tower: tuple[int, ...], *, recent: int = 0, full: bool = False) -> NeuCF:
    """A model with every weight away from where it starts, so that none can be forgotten unseen."""
    config = NeuCFConfig(
        gmf_width=7, mlp_width=3, tower=tower, image_width=10, content_width=4, recent=recent, recent_hidden=4,
        recent_full=full,
    )  # fmt: skip
    model = NeuCF(config, n_user_rows=N_USERS, n_post_rows=N_POSTS)
    chance = torch.Generator().manual_seed(seed)
    model.start(chance)
    assert model.image is not None
    assert FEATURES.image is not None
    model.image.fit(FEATURES.image)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn(weights.shape, generator=chance) * 0.3)
    model.set_content_share(torch.arange(N_POSTS))
    return model


@torch.no_grad()
def scores(model: NeuCF) -> torch.Tensor:
    """Every user with every post, each user with a taste of two posts."""
    posts = model.post_input(ROWS, FEATURES)
    vectors = model.post_vectors(posts)
    taste = taste_of(vectors, torch.arange(2 * N_USERS) % N_POSTS, torch.arange(0, 2 * N_USERS, 2))
    latest = decayed_means(vectors, torch.arange(3 * N_USERS).view(-1, 3) % N_POSTS)
    return model.score_block(model.user_side(torch.arange(N_USERS), taste, latest), model.post_side(posts))


@pytest.mark.parametrize(("recent", "full"), [(0, False), (3, False), (3, True)])
@pytest.mark.parametrize("tower", [(6,), (6, 5)])
def test_the_merged_model_scores_as_the_mean_of_its_members(tower: tuple[int, ...], recent: int, *, full: bool) -> None:
    members = [member(seed, tower, recent=recent, full=full) for seed in range(3)]
    mean = torch.stack([scores(each) for each in members]).mean(dim=0)
    torch.testing.assert_close(scores(merge_members(members)), mean)


def test_one_member_is_the_model_itself() -> None:
    alone = member(1, (6,))
    assert merge_members([alone]) is alone


def test_the_merged_models_config_is_the_one_to_read_its_weights_with() -> None:
    whole = merge_members([member(seed, (6,)) for seed in range(2)])
    again = NeuCF(whole.config, n_user_rows=N_USERS, n_post_rows=N_POSTS)
    again.load_state_dict(whole.state_dict(), strict=True)
    torch.testing.assert_close(scores(again), scores(whole))


@pytest.mark.parametrize("tower", [(6,), (6, 5)])
def test_a_merged_model_is_split_into_its_members(tower: tuple[int, ...]) -> None:
    members = [member(seed, tower) for seed in range(3)]
    parts = split_members(merge_members(members), members[0].config)
    averaged = ("post_bias", f"tower.{len(tower) - 1}.bias")
    assert len(parts) == 3
    for part, one in zip(parts, members, strict=True):
        assert part.config == one.config
        for name, weights in one.state_dict().items():
            if name not in averaged:
                torch.testing.assert_close(part.state_dict()[name], weights, msg=name)


def test_the_members_of_a_merged_model_make_the_same_model_again() -> None:
    whole = merge_members([member(seed, (6, 5)) for seed in range(3)])
    torch.testing.assert_close(scores(merge_members(split_members(whole, member(0, (6, 5)).config))), scores(whole))


OF_TWO = NeuCFConfig(gmf_width=7, mlp_width=3, tower=(6,), recent=0)


@pytest.mark.parametrize(
    "other",
    [
        replace(OF_TWO, gmf_width=6),
        replace(OF_TWO, mlp_width=2),
        replace(OF_TWO, tower=(5,)),
        replace(OF_TWO, gmf_width=14),
        replace(OF_TWO, gmf_width=20),
    ],
)
def test_a_model_of_another_shape_has_no_members(other: NeuCFConfig) -> None:
    whole = merge_members([member(seed, (6,)) for seed in range(2)])
    assert len(split_members(whole, OF_TWO)) == 2
    assert split_members(whole, other) == ()
