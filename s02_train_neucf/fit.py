"""Choosing the number of epochs on a validation cut, then learning from everything with it, several times."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from s02_train_neucf.dataset import TrainingSet, training_set
from s02_train_neucf.evaluate import Exam, ModelRanker, exam_of, per_user
from s02_train_neucf.recipe import Recipe
from s02_train_neucf.split import per_user_cut
from s02_train_neucf.train import Epoch, train, train_members
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
    """Train on the earlier likes until the later ones are no longer found better, and then on all, each member.

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

    data = training_set(examples_of(events, posts), posts, features)
    search: tuple[Epoch, ...] = ()
    if n_epochs is None:
        n_epochs, search = _best_epoch(events, posts, features, config, recipe, seed, device, on_epoch)
    mine = replace(recipe, epochs=n_epochs)
    model = train_members(data, config, mine, seed=seed, device=device, on_epoch=on_epoch)
    return Fitted(model=model, data=data, n_epochs=n_epochs, search=search)


@dataclass(frozen=True, slots=True, eq=False)
class _HeldBack:
    """The earlier likes to train on, and the question that the later ones ask."""

    data: TrainingSet
    exam: Exam
    features: PostFeatures

    def validate(self, model: NeuCF) -> float:
        ranker = ModelRanker(model, self.exam, self.data.users, self.data.posts, self.features)
        return float(per_user(ranker, self.exam, (10,))[VALIDATION_METRIC].mean())


def _best_epoch(
    events: Events,
    posts: Posts,
    features: PostFeatures,
    config: NeuCFConfig,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[Epoch], None] | None,
) -> tuple[int, tuple[Epoch, ...]]:
    """How long a single model learns from the earlier likes until the later ones are no longer found better."""
    held_back = _held_back(events, posts, features)
    if held_back is None:
        return min(EPOCHS_UNVALIDATED, recipe.epochs), ()
    search = train(
        held_back.data, config, recipe, seed=seed, device=device, validate=held_back.validate, on_epoch=on_epoch
    )
    return search.best_epoch, search.epochs


def _held_back(events: Events, posts: Posts, features: PostFeatures) -> _HeldBack | None:
    split = per_user_cut(events, posts, share=VALIDATION_SHARE)
    if len(split.train) == 0 or len(split.test) == 0:
        return None
    return _HeldBack(training_set(split.train, posts, features), exam_of(split.train, split.test, posts), features)
