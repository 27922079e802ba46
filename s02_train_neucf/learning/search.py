"""For how long and how fast to learn, found on a validation figure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from s02_train_neucf.data.dataset import TrainingSet
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import Epoch, Trained, train
from shared.neucf.config import NeuCFConfig
from shared.neucf.model import NeuCF

SOON = 8  # epochs; a model that is best by then may have run past what there is to learn
SLOWER = 4.0  # by which the learning rate is divided then; tried once
EPOCHS_UNVALIDATED = 20  # where nobody has two likes, so that nothing can be held back


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A recipe whose epochs and learning rate are settled, and the search that settled them."""

    recipe: Recipe
    epochs: tuple[Epoch, ...] = ()  # with validation figures; empty where there was no search


def search(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    validate: Callable[[NeuCF], float],
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Found:
    """Train a single model until validation finds it no better; where that comes soon, once more with smaller steps.

    Raises:
        TrainingRefused: as `train`.
    """

    def tried(mine: Recipe) -> Trained:
        return train(data, config, mine, seed=seed, device=device, validate=validate, on_epoch=on_epoch)

    found = tried(recipe)
    if found.best_epoch <= SOON:
        slower = replace(recipe, learning_rate=recipe.learning_rate / SLOWER)
        again = tried(slower)
        if best_figure(again) > best_figure(found):
            recipe, found = slower, again
    return Found(recipe=replace(recipe, epochs=found.best_epoch), epochs=found.epochs)


def best_figure(trained: Trained) -> float:
    """The best validation figure of a training."""
    return max(epoch.validation for epoch in trained.epochs if epoch.validation is not None)


def unsearched(recipe: Recipe) -> Found:
    """What to do where nothing can be held back."""
    return Found(recipe=replace(recipe, epochs=min(EPOCHS_UNVALIDATED, recipe.epochs)))
