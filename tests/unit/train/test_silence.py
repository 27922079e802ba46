"""A silenced part of a model says nothing, also after training."""

from dataclasses import replace

import pytest
import torch

from s02_train_neucf.silence import Part
from s02_train_neucf.train import train_members
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF
from tests.neucf_worlds import QUICK, SMALL, two_camps

SILENT = {
    Part.GMF: ["gmf_weights"],
    # The bias of the layer before begins at 0, and nothing reaches it any more.
    Part.MLP: ["tower.0.weight", "tower.0.bias", "tower.1.weight", "tower.1.bias", "user_hidden.bias"],
    Part.POST_ID: ["post_table.weight", "post_bias"],
}


def trained(*parts: Part) -> NeuCF:
    recipe = replace(QUICK, epochs=2, members=2, without=parts)
    return train_members(two_camps().data(), SMALL, recipe, seed=1, device=torch.device("cpu"))


@pytest.mark.parametrize("part", list(Part))
def test_a_silenced_part_stays_at_nothing_and_the_others_learn(part: Part) -> None:
    weights = trained(part).state_dict()
    assert {name for name, each in weights.items() if not each.any()} == set(SILENT[part])


def test_without_gmf_and_mlp_only_the_bias_of_a_post_is_left() -> None:
    model = trained(Part.GMF, Part.MLP)
    with torch.no_grad():
        posts = model.post_side(model.post_input(torch.arange(1, 25), NO_FEATURES))
        scores = model.score_block(model.user_side(torch.arange(1, 4)), posts)
    assert torch.equal(scores, model.post_bias[1:].expand(3, -1))


def test_nothing_is_silenced_by_default() -> None:
    weights = trained().state_dict()
    assert all(each.any() for each in weights.values())
