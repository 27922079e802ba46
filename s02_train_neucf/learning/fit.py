"""For how long and how fast to learn, found on a validation cut; then learning from everything so, several times."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker, evaluation_task_of, metrics_per_user
from s02_train_neucf.evaluation.split import per_user_cut
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.event_weights import with_event_weights
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import TrainedModel, train, train_members
from s02_train_neucf.learning.warm_start import Predecessor, initial_values
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import POSITIVE_CODES, SortedPosts, examples_of
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF

Validate = Callable[[NeuCF], float]

EARLY_EPOCHS = 8  # epochs; a model that is best by then may have run past what there is to learn
SLOWER_BY = 4.0  # by which the learning rate is divided then; tried once
EPOCHS_UNVALIDATED = 20  # where nobody has two likes, so that nothing can be held back
VALIDATION_SHARE = 0.2  # of each user's likes, the last ones, at most
VALIDATION_LIKES = 50_000  # in all, about: more say the same, and what is held back is missing from the training
VALIDATION_METRIC = "ndcg@10"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A recipe whose epochs and learning rate are settled, and the search that settled them."""

    recipe: Recipe
    epochs: tuple[EpochResult, ...] = ()  # with validation figures; empty where there was no search


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A model that has seen all events, and the search for its number of epochs."""

    model: NeuCF
    data: TrainingSet  # what it has seen, with its vocabularies
    search_result: SearchResult  # for how long and how fast it was trained

    def as_predecessor(self, name: str) -> Predecessor:
        """The model for others to start from."""
        return Predecessor(name=name, model=self.model, users=self.data.users, posts=self.data.posts)


def fit(
    events: Events,
    posts: SortedPosts,
    features: PostFeatures,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    search_result: SearchResult | None = None,
    on_epoch: Callable[[EpochResult], None] | None = None,
    before: Predecessor | None = None,
) -> Fitted:
    """Train on the earlier likes until the later ones are no longer found better, and then on all, each member.

    With `search_result`, only the latter: it was found before, on less of the same data.

    Args:
        events: all that training may see.
        posts: all posts that exist.
        features: vectors in the order of `posts`.
        config: the model's shape.
        recipe: how to train.
        seed: of both trainings.
        device: where.
        found: for how long and how fast, when that is known; None: it is searched for.
        on_epoch: told after each epoch of both; `number` starts again at 1.
        before: a model to start the latter from. The search never does: it asks for likes that such a model has seen.

    Raises:
        TrainingRefused: no positive example, broken vectors, or a loss that is not finite.
    """
    if search_result is None:
        held_back = _held_back(events, posts, features, recipe)
        if held_back is None:
            search_result = without_search(recipe)
        else:
            search_result = search(
                held_back.data, config, recipe,
                seed=seed, device=device, validate=held_back.validate, on_epoch=on_epoch,
            )  # fmt: skip
    data = with_event_weights(training_set(examples_of(events, posts), posts, features), events, posts, recipe)
    begin = () if before is None else initial_values(before, data, config)
    model = train_members(data, config, search_result.recipe, seed=seed, device=device, on_epoch=on_epoch, begin=begin)
    return Fitted(model=model, data=data, search_result=search_result)


def validation_share(n_likes: int) -> float:
    """Which share of each user's likes the search asks for; a user of several is asked for one at least."""
    return min(VALIDATION_SHARE, VALIDATION_LIKES / max(n_likes, 1))


@dataclass(frozen=True, slots=True, eq=False)
class _HeldBack:
    """The earlier likes to train on, and the question that the later ones ask."""

    data: TrainingSet
    task: EvaluationTask
    features: PostFeatures

    def validate(self, model: NeuCF) -> float:
        ranker = ModelRanker(model, self.task, self.data.users, self.data.posts, self.features)
        return float(metrics_per_user(ranker, self.task, (10,))[VALIDATION_METRIC].mean())


def _held_back(events: Events, posts: SortedPosts, features: PostFeatures, recipe: Recipe) -> _HeldBack | None:
    split = per_user_cut(events, posts, share=validation_share(int(np.isin(events.kinds, POSITIVE_CODES).sum())))
    if len(split.train) == 0 or len(split.test) == 0:
        return None
    data = with_event_weights(training_set(split.train, posts, features), split.train_events, posts, recipe)
    return _HeldBack(data, evaluation_task_of(split.train, split.test, posts), features)


def search(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    validate: Callable[[NeuCF], float],
    on_epoch: Callable[[EpochResult], None] | None = None,
) -> SearchResult:
    """Train a single model until validation finds it no better; where that comes soon, once more with smaller steps.

    Raises:
        TrainingRefused: as `train`.
    """

    def train_with(mine: Recipe) -> TrainedModel:
        return train(data, config, mine, seed=seed, device=device, validate=validate, on_epoch=on_epoch)

    search_result = train_with(recipe)
    if search_result.best_epoch <= EARLY_EPOCHS:
        slower = replace(recipe, learning_rate=recipe.learning_rate / SLOWER_BY)
        again = train_with(slower)
        if best_figure(again) > best_figure(search_result):
            recipe, search_result = slower, again
    return SearchResult(recipe=replace(recipe, epochs=search_result.best_epoch), epochs=search_result.epochs)


def best_figure(trained: TrainedModel) -> float:
    """The best validation figure of a training."""
    return max(epoch.validation for epoch in trained.epochs if epoch.validation is not None)


def without_search(recipe: Recipe) -> SearchResult:
    """What to do where nothing can be held back."""
    return SearchResult(recipe=replace(recipe, epochs=min(EPOCHS_UNVALIDATED, recipe.epochs)))
