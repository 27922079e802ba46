"""What is lost without a part, person by person."""

import numpy as np
import pytest

from benchmarks.quality.ablation import CHANGES, NO_CONTENT, PHOTO_METRICS, WHOLE, Ablated
from benchmarks.quality.ablation_table import loss_of
from benchmarks.quality.neucf_system import Variant
from s02_train_neucf.learning.recipe import Recipe
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import PostFeatures
from tests.neucf_worlds import vectors

CONTENT = vectors(np.ones((2, 3), dtype=np.float32), 0, 1)
VARIANT = Variant(
    config=NeuCFConfig(image_width=3, caption_width=3),
    recipe=Recipe(),
    features=PostFeatures(image=CONTENT, caption=CONTENT),
)


def ablated(without: str, seed: int, metric: str, *values: float) -> Ablated:
    return Ablated(without=without, seed=seed, values={metric: np.array(values)}, seconds=1.0)


def test_seeds_that_ask_the_same_people_are_averaged() -> None:
    found = [
        ablated(WHOLE, 1, "ndcg@10", 0.4, 0.8),
        ablated(WHOLE, 2, "ndcg@10", 0.6, 1.0),
        ablated("MLP of one number", 1, "ndcg@10", 0.4, 0.8),
        ablated("MLP of one number", 2, "ndcg@10", 0.4, 0.8),
    ]
    loss = loss_of(found, "MLP of one number", "ndcg@10")
    assert (loss.mean, loss.low, loss.high) == pytest.approx((0.1, 0.1, 0.1))


def test_worlds_with_other_people_are_pooled() -> None:
    metric = PHOTO_METRICS[0]
    found = [
        ablated(WHOLE, 1, metric, 0.7, 0.7, 0.7),
        ablated(WHOLE, 2, metric, 0.9),
        ablated("without photo", 1, metric, 0.6, 0.6, 0.6),
        ablated("without photo", 2, metric, 0.4),
    ]
    assert loss_of(found, "without photo", metric).mean == pytest.approx((0.1 * 3 + 0.5) / 4)


def test_a_content_is_left_out_of_the_model_and_of_what_it_is_shown() -> None:
    changed = CHANGES["without photo"](VARIANT)
    assert (changed.config.image_width, changed.features.image) == (0, None)
    assert (changed.config.caption_width, changed.features.caption) == (3, CONTENT)


def test_every_other_variant_changes_one_thing() -> None:
    assert CHANGES[WHOLE](VARIANT) == VARIANT
    assert CHANGES["GMF of one number"](VARIANT).config.gmf_width == 1
    assert CHANGES["one member"](VARIANT).recipe.members == 1
    assert not CHANGES["without history"](VARIANT).config.history
    assert CHANGES["content whole beside any number of likes"](VARIANT).config.content_half_likes == 0
    assert CHANGES["without nearness"](VARIANT).config.nearness == 0
    assert {"without photo", "without caption", "without nearness"}.isdisjoint(NO_CONTENT)
