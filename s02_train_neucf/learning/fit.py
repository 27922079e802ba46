"""Finds the number of epochs and the learning rate on a validation split, then trains all members on all data."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import (
    VALIDATION_K,
    VALIDATION_METRIC,
    VALIDATION_PAIRS,
    EvaluationTask,
    ModelRanker,
    metrics_per_user,
    task_of_split,
)
from s02_train_neucf.evaluation.split import validation_cut
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.event_weights import with_event_weights
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.side_by_side import ALONE, FitsUnderWay, Workers, run_side_by_side
from s02_train_neucf.learning.train import (
    TrainedModel,
    Training,
    begin_members,
    ignore_epoch,
    learns_order,
    merged,
    shape_learnt,
)
from s02_train_neucf.learning.warm_start import Predecessor, SetInitialValues, initial_values
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF

Validate = Callable[[NeuCF], float]

EARLY_EPOCHS = 8  # a model that is best so early may have learned too fast
SLOWER_BY = 4.0  # divides the learning rate in that case, once
EPOCHS_UNVALIDATED = 20  # if nobody has two likes, so that nothing can be held back
FEW_LIKES = 250_000  # with more, members start from the search's model: a night has no time for all their epochs


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A recipe with the epochs and learning rate that a search has found."""

    recipe: Recipe
    epochs: tuple[EpochResult, ...] = ()  # of the search; empty if there was none
    model: Predecessor | None = None  # the best one; it knows nothing of the likes that were held back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A model that was trained on all events."""

    model: NeuCF
    data: TrainingSet  # what it was trained on, with its vocabularies
    search_result: SearchResult  # its epochs and learning rate

    def as_predecessor(self, name: str) -> Predecessor:
        """This model as one that another training may start from."""
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
    predecessor: Predecessor | None = None,
    workers: Workers = ALONE,
) -> Fitted:
    """Search epochs and learning rate on a validation split, then train each member on all events.

    With `search_result`, from an earlier part of the same data, there is no search.

    Args:
        events: all that training may see.
        posts: all posts that exist.
        features: vectors in the order of `posts`.
        config: the model's shape.
        recipe: how to train.
        seed: of both trainings.
        device: where.
        search_result: epochs and learning rate; None: search for them.
        on_epoch: called after each epoch of both trainings; `number` starts again at 1.
        predecessor: a model to start the last training from. The search does not: its test likes are in that model.
        workers: how many trainings run side by side; weights do not depend on it.

    Raises:
        TrainingRefused, WorkerDied: no positive example, broken vectors, or a loss that is not finite; a process of
            `workers` ended.
    """
    if search_result is None:
        search_result = search_for(
            events, posts, features, config, recipe, seed=seed, device=device, on_epoch=on_epoch, workers=workers
        )
    return begin_fit(
        events, posts, features, config, recipe, search_result,
        seed=seed, device=device, on_epoch=on_epoch, predecessor=predecessor, workers=workers,
    ).result()  # fmt: skip


def search_for(
    events: Events,
    posts: SortedPosts,
    features: PostFeatures,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[EpochResult], None] | None = None,
    workers: Workers = ALONE,
) -> SearchResult:
    """The search of `fit`, without the training on all events.

    Raises:
        TrainingRefused, WorkerDied: as `fit`; without a positive example nothing is searched, and nothing refused.
    """
    held_back = _held_back(events, posts, features, recipe)
    if held_back is None:
        return without_search(recipe)
    return search(
        held_back.data, config, recipe,
        seed=seed, device=device, validate=held_back.validate, on_epoch=on_epoch, workers=workers,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitUnderWay:
    """A training on all events whose members were handed over to workers."""

    members: FitsUnderWay[TrainedModel]
    data: TrainingSet
    search_result: SearchResult

    def result(self) -> Fitted:
        """Wait for the model.

        Raises:
            TrainingRefused, WorkerDied: as `fit`.
        """
        return Fitted(model=merged(self.members), data=self.data, search_result=self.search_result)


def begin_fit(
    events: Events,
    posts: SortedPosts,
    features: PostFeatures,
    config: NeuCFConfig,
    recipe: Recipe,
    search_result: SearchResult,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[EpochResult], None] | None = None,
    predecessor: Predecessor | None = None,
    workers: Workers = ALONE,
) -> FitUnderWay:
    """Hand the training on all events over to workers; the arguments are those of `fit`.

    Raises:
        TrainingRefused: no positive example, or broken vectors.
    """
    data = with_event_weights(training_set(examples_of(events, posts), posts, features), events, posts, recipe)
    initial = starts_of_members(search_result, data, config, predecessor)
    members = begin_members(
        data, config, search_result.recipe,
        seed=seed, device=device, on_epoch=on_epoch, initial_values=initial, workers=workers,
    )  # fmt: skip
    return FitUnderWay(members=members, data=data, search_result=search_result)


@dataclass(frozen=True, slots=True, eq=False)
class _HeldBack:
    """The earlier likes to train on, and the task of finding the later ones."""

    data: TrainingSet
    task: EvaluationTask
    features: PostFeatures

    def validate(self, model: NeuCF) -> float:
        ranker = ModelRanker(model, self.task, self.data.users, self.data.posts, self.features)
        return float(metrics_per_user(ranker, self.task, (VALIDATION_K,))[VALIDATION_METRIC].mean())


def _held_back(events: Events, posts: SortedPosts, features: PostFeatures, recipe: Recipe) -> _HeldBack | None:
    split = validation_cut(events, posts)
    if split is None:
        return None
    data = with_event_weights(training_set(split.train, posts, features), split.train_events, posts, recipe)
    return _HeldBack(data, task_of_split(split, posts, max_pairs=VALIDATION_PAIRS), features)


def starts_of_members(
    search_result: SearchResult, data: TrainingSet, config: NeuCFConfig, predecessor: Predecessor | None = None
) -> tuple[SetInitialValues, ...]:
    """What sets the members' initial values: those of a predecessor, else, where likes are many, the search's model.

    From the search's one model all members start alike; their order, draws and dropout tell them apart.
    """
    shape = shape_learnt(config, data, search_result.recipe)
    if predecessor is not None:
        return initial_values(predecessor, data, shape)
    if search_result.model is None or len(data.likes.posts) <= FEW_LIKES:
        return ()
    return initial_values(search_result.model, data, shape) * search_result.recipe.members


def search(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    validate: Callable[[NeuCF], float],
    on_epoch: Callable[[EpochResult], None] | None = None,
    workers: Workers = ALONE,
) -> SearchResult:
    """Train one model until validation stops improving; if that is early, train again with a lower learning rate.

    A model that learns from the order of likes is first trained with each of the recipe's `order_trials`.
    With processes as `workers`, `validate` must be an object that can be pickled.

    Raises:
        TrainingRefused, WorkerDied: as `train`; a process of `workers` ended.
    """

    def train_with(*recipes: Recipe) -> list[TrainedModel]:
        trials = [
            Training(data=data, config=config, recipe=recipe, seed=seed, device=device, validate=validate)
            for recipe in recipes
        ]
        return run_side_by_side(trials, workers, on_epoch or ignore_epoch, name="a trial of the search")

    recipes = [recipe]
    if config.recent and learns_order(data, recipe):
        recipes = [replace(recipe, order_decay=decay, full_map=full) for decay, full in recipe.order_trials]
    trials = train_with(*recipes)
    recipe, trained = max(zip(recipes, trials, strict=True), key=lambda trial: best_figure(trial[1]))
    if trained.best_epoch <= EARLY_EPOCHS:
        slower = replace(recipe, learning_rate=recipe.learning_rate / SLOWER_BY)
        (again,) = train_with(slower)
        if best_figure(again) > best_figure(trained):
            recipe, trained = slower, again
    model = Predecessor(name="the search", model=trained.model, users=data.users, posts=data.posts)
    return SearchResult(recipe=replace(recipe, epochs=trained.best_epoch), epochs=trained.epochs, model=model)


def best_figure(trained: TrainedModel) -> float:
    """The best validation figure of a training."""
    return max(epoch.validation for epoch in trained.epochs if epoch.validation is not None)


def without_search(recipe: Recipe) -> SearchResult:
    """Epochs and learning rate if nothing can be held back."""
    return SearchResult(recipe=replace(recipe, epochs=min(EPOCHS_UNVALIDATED, recipe.epochs)))
