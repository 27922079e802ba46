"""The plain NeuMF of the paper: the same code with what Warmline added switched off."""

from benchmarks.quality.data import QualityData
from benchmarks.quality.neucf_system import Variant
from s02_train_neucf.recipe import Loss, Recipe
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import NO_FEATURES

EPOCHS = 6  # fixed; best on likes held back from the training part of ML-1M (docs/log/performance.md)


def plain_neumf(data: QualityData) -> Variant:  # noqa: ARG001 - every variant is made from a data set
    """GMF and an MLP over ids, log loss with four drawn negatives a like (He et al. 2017, sections 3.4 and 4.1)."""
    config = NeuCFConfig(
        gmf_width=64, mlp_width=64, tower=(64, 32, 16), history=False, post_bias=False, dropout=0.0, id_dropout=0.0
    )
    recipe = Recipe(
        loss=Loss.BCE,
        negatives=4,
        step_samples=4096,  # the paper has 256: too few for a step's fixed costs
        learning_rate=0.001,
        table_decay=0.01,
        layer_decay=0.0,
        ignored_weight=1.0,
        averaging=0.0,
        members=1,
    )
    return Variant(config=config, recipe=recipe, features=NO_FEATURES, epochs=EPOCHS)
