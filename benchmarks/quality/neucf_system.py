"""NeuCF as a system of the benchmark, trained like in the nightly job."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from benchmarks.quality.data import QualityData
from s02_train_neucf.data.dataset import LikeMatrix, TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import (
    VALIDATION_K,
    VALIDATION_METRIC,
    VALIDATION_PAIRS,
    EvaluationTask,
    ModelRanker,
    evaluation_task_of,
    metrics_per_user,
)
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.split import validation_share
from s02_train_neucf.learning.fit import SearchResult, fit, search, starts_of_members, without_search
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.side_by_side import Workers
from s02_train_neucf.learning.train import train_members
from s02_train_neucf.learning.worker_pool import workers_of
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import Examples
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A model's configuration, training recipe and content."""

    config: NeuCFConfig
    recipe: Recipe
    features: PostFeatures
    epochs: int | None = None  # fixed beforehand; None: chosen on validation


def shipped(data: QualityData) -> Variant:
    """The default configuration, with the content of the data."""
    image, caption = data.features.image, data.features.caption
    config = NeuCFConfig(
        image_width=0 if image is None else image.width, caption_width=0 if caption is None else caption.width
    )  # fmt: skip
    return Variant(config=config, recipe=Recipe(), features=data.features)


def train_neucf(data: QualityData, seed: int, variant: Variant | None = None, *, workers: int = 1) -> Ranker:
    """Train on `data.train`; epochs and learning rate are chosen on `data.val`, else on a held-back part of `train`.

    As in the nightly job, the final models are trained on all of `train`, and fits run in `workers` processes.
    """
    with workers_of(workers) as side_by_side:
        return _train(data, seed, variant or shipped(data), side_by_side)


def _train(data: QualityData, seed: int, variant: Variant, workers: Workers) -> Ranker:
    if variant.epochs is None and data.val is None and data.timed:
        fitted = fit(
            data.events(), data.posts, variant.features, variant.config, variant.recipe,
            seed=seed, device=_device(), workers=workers,
        )  # fmt: skip
        return _ranker(fitted.model, fitted.data, data, variant)
    epochs = variant.epochs
    if epochs is None:
        found = _found(data, variant, seed, workers)
    else:
        found = SearchResult(recipe=replace(variant.recipe, epochs=epochs))
    known = training_set(data.train, data.posts, variant.features)
    model = train_members(
        known, variant.config, found.recipe, seed=seed, device=_device(), workers=workers,
        initial_values=starts_of_members(found, known, variant.config),
    )  # fmt: skip
    return _ranker(model, known, data, variant)


def _found(data: QualityData, variant: Variant, seed: int, workers: Workers) -> SearchResult:
    """The recipe with epochs and learning rate that validation likes best.

    Without a validation set, it asks for likes held back at random: where there are no times, no like is the last.
    """
    if data.val is not None:
        earlier, asked = data.earlier, data.val
    else:
        held_back = _held_back(data.train, np.random.default_rng(seed))
        earlier, asked = data.train.where(~held_back), data.train.where(held_back)
    if len(asked) == 0:
        return without_search(variant.recipe)
    known = training_set(earlier, data.posts, variant.features)
    task = evaluation_task_of(earlier, asked, data.posts, max_pairs=VALIDATION_PAIRS)
    validate = _Validation(known, task, variant.features)
    return search(
        known, variant.config, variant.recipe, seed=seed, device=_device(), validate=validate, workers=workers
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Validation:
    """The figure of a model on likes that it was not trained on."""

    known: TrainingSet
    task: EvaluationTask
    features: PostFeatures

    def __call__(self, model: NeuCF) -> float:
        ranker = ModelRanker(model, self.task, self.known.users, self.known.posts, self.features)
        return float(metrics_per_user(ranker, self.task, (VALIDATION_K,))[VALIDATION_METRIC].mean())


def _held_back(examples: Examples, generator: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A share of each user's likes, at least one of two or more; someone with one like keeps it."""
    order = np.lexsort((generator.random(len(examples)), examples.user_id_hashes))
    _, starts, counts = np.unique(examples.user_id_hashes[order], return_index=True, return_counts=True)
    n_held = np.where(counts >= 2, np.maximum(1, (counts * validation_share(len(examples))).astype(np.int64)), 0)
    held = np.zeros(len(examples), dtype=np.bool_)
    held[order] = np.arange(len(examples)) - np.repeat(starts, counts) < np.repeat(n_held, counts)
    return held


def _ranker(model: NeuCF, known: TrainingSet, data: QualityData, variant: Variant) -> Ranker:
    task = EvaluationTask(
        user_id_hashes=data.asked_user_id_hashes,
        posts=data.posts,
        train_likes=data.histories.likes,
        test_likes=_nothing(data),
        withheld=_nothing(data),
        in_order=data.histories.in_order if data.timed else None,
    )
    return ModelRanker(model, task, known.users, known.posts, variant.features)


def _nothing(data: QualityData) -> LikeMatrix:
    """No exclusions: a ranker does not know what is asked."""
    none = np.zeros(0, dtype=np.int64)
    return LikeMatrix.of(none, none, n_users=data.n_asked, n_posts=data.test_likes.n_posts)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
