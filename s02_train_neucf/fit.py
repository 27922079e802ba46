"""Choosing the number of epochs on a validation cut, then learning from everything with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from s02_train_neucf.dataset import TrainingSet, training_set
from s02_train_neucf.evaluate import Exam, ModelRanker, exam_of, per_user
from s02_train_neucf.recipe import Recipe
from s02_train_neucf.split import per_user_cut
from s02_train_neucf.train import Epoch, Trained, train
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import Events, Posts, examples_of
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF

Validate = Callable[[NeuCF], float]

VALIDATION_SHARE = 0.2  # of each user's likes, the last ones
VALIDATION_METRIC = "ndcg@10"
EPOCHS_UNVALIDATED = 20  # where nobody has two likes, so that nothing can be held back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A model that has seen all events, and the search for its number of epochs."""

    model: NeuCF
    data: TrainingSet  # what it has seen, with its vocabularies
    n_epochs: int
    search: tuple[Epoch, ...]  # with validation figures; empty where there was none


def fit(
    events: Events,
    posts: Posts,
    features: PostFeatures,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    n_epochs: int | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Fitted:
    """Train twice: on the earlier likes, until the later ones are no longer found better, and then on all.

    With `n_epochs`, only the latter: that number was found before, on less of the same data.

    Args:
        events: all that training may see.
        posts: all posts that exist.
        features: vectors in the order of `posts`.
        config: the model's shape.
        recipe: how to train.
        seed: of both trainings.
        device: where.
        n_epochs: for how long, when that is known; None: it is searched for.
        on_epoch: told after each epoch of both; `number` starts again at 1.

    Raises:
        TrainingRefused: no positive example, broken vectors, or a loss that is not finite.
    """

    def run(data: TrainingSet, epochs: int, validate: Validate | None) -> Trained:
        mine = replace(recipe, epochs=epochs)
        return train(data, config, mine, seed=seed, device=device, validate=validate, on_epoch=on_epoch)

    data = training_set(examples_of(events, posts), posts, features)
    if n_epochs is not None:
        return Fitted(model=run(data, n_epochs, None).model, data=data, n_epochs=n_epochs, search=())
    held_back = _held_back(events, posts, features)
    search = run(held_back.data, recipe.epochs, held_back.validate) if held_back is not None else None
    n_epochs = search.best_epoch if search is not None else min(EPOCHS_UNVALIDATED, recipe.epochs)
    final = run(data, n_epochs, None)
    return Fitted(model=final.model, data=data, n_epochs=n_epochs, search=search.epochs if search is not None else ())


@dataclass(frozen=True, slots=True, eq=False)
class _HeldBack:
    """The earlier likes to train on, and the question that the later ones ask."""

    data: TrainingSet
    exam: Exam
    features: PostFeatures

    def validate(self, model: NeuCF) -> float:
        ranker = ModelRanker(model, self.exam, self.data.users, self.data.posts, self.features)
        return float(per_user(ranker, self.exam, (10,))[VALIDATION_METRIC].mean())


def _held_back(events: Events, posts: Posts, features: PostFeatures) -> _HeldBack | None:
    split = per_user_cut(events, posts, share=VALIDATION_SHARE)
    if len(split.train) == 0 or len(split.test) == 0:
        return None
    return _HeldBack(training_set(split.train, posts, features), exam_of(split.train, split.test, posts), features)
