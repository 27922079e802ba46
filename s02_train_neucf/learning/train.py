"""Training: epochs of steps, early stopping on a validation figure, the same weights from the same seed.

Equal seeds give equal weights on one machine, whatever the number of threads; sums may be ordered otherwise elsewhere.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch

from s02_train_neucf.data.dataset import TrainingSet
from s02_train_neucf.learning.batches import Batch, NextLikes, batches_of
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.loss import Step
from s02_train_neucf.learning.nearness_weights import fit_nearness
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.side_by_side import ALONE, FitsUnderWay, Workers, begin_side_by_side
from shared.errors import TrainingRefused
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import ContentVectors
from shared.neucf.merge import merge_members
from shared.neucf.model import NeuCF

if TYPE_CHECKING:
    from s02_train_neucf.learning.warm_start import SetInitialValues

MAX_TABLE_NUMBERS = 2**27  # in the tables of all members: 512 MB
SEEDS_APART = 1_000_003  # between members' seeds, so that close training seeds share none
SMALLEST_GAIN = 1e-5  # of the validation figure; a smaller gain does not count as better


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """The best model of a training, and its epochs."""

    model: NeuCF
    best_epoch: int
    epochs: tuple[EpochResult, ...]


def train(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    validate: Callable[[NeuCF], float] | None = None,
    on_epoch: Callable[[EpochResult], None] | None = None,
    initial_values: "SetInitialValues | None" = None,
) -> TrainedModel:
    """Train a model; keep the weights of the epoch with the best validation figure, or the last without one.

    The weights that are validated and kept are a running mean over the steps (Polyak and Juditsky 1992; here with an
    exponential decay): it allows a learning rate that needs a third of the epochs.

    Args:
        data: what to learn.
        config: the model's shape; its content widths must be those of `data.features`. Where the data has no order in
            time, the model reads none.
        recipe: how.
        seed: of initial values, order, draws and dropout; nothing else is random.
        device: where.
        validate: a figure that grows with quality, for example NDCG@10 on a validation cut.
        on_epoch: called after each epoch, for a progress bar.
        initial_values: sets initial values other than random ones, see `warm_start`.

    Raises:
        TrainingRefused: widths that do not fit, or a loss that is not finite.
    """
    config = shape_learnt(config, data, recipe)
    with one_thread():
        model = _new_model(data, config, seed)
        if initial_values is not None:
            initial_values(model)
        return _train(model.to(device), data, recipe, seed, validate, on_epoch)


def learns_order(data: TrainingSet, recipe: Recipe) -> bool:
    """Whether a training can tell earlier likes from later ones, and should."""
    return recipe.in_time_order and data.has_order


def shape_learnt(config: NeuCFConfig, data: TrainingSet, recipe: Recipe) -> NeuCFConfig:
    """The shape of the model that a training with this recipe makes: where nothing has an order, it reads none."""
    return replace(config, recent_full=recipe.full_map) if learns_order(data, recipe) else replace(config, recent=0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """A call of `train` that may be made in another process; `validate` must then be an object that can be pickled."""

    data: TrainingSet
    config: NeuCFConfig
    recipe: Recipe
    seed: int
    device: torch.device
    validate: Callable[[NeuCF], float] | None = None
    initial_values: "SetInitialValues | None" = None

    def __call__(self, on_epoch: Callable[[EpochResult], None] | None = None) -> TrainedModel:
        """Train, as `train`."""
        return train(
            self.data, self.config, self.recipe, seed=self.seed, device=self.device, validate=self.validate,
            on_epoch=on_epoch, initial_values=self.initial_values,
        )  # fmt: skip


def train_members(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[EpochResult], None] | None = None,
    initial_values: "Sequence[SetInitialValues]" = (),
    workers: Workers = ALONE,
) -> NeuCF:
    """Train `recipe.members` models for `recipe.epochs` each and give their mean as one model.

    With large tables, fewer: the merged tables hold those of all members. The first members start from
    `initial_values` and need fewer epochs; the others start from random values.

    Raises:
        TrainingRefused, WorkerDied: as `train`; a process of `workers` ended.
    """
    under_way = begin_members(
        data, config, recipe, seed=seed, device=device, on_epoch=on_epoch, initial_values=initial_values,
        workers=workers,
    )  # fmt: skip
    return merged(under_way)


def begin_members(
    data: TrainingSet,
    config: NeuCFConfig,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[EpochResult], None] | None = None,
    initial_values: "Sequence[SetInitialValues]" = (),
    workers: Workers = ALONE,
) -> FitsUnderWay[TrainedModel]:
    """Hand the members over to workers; the arguments are those of `train_members`."""
    rows = data.users.n_rows + data.posts.n_rows
    n = min(max(1, MAX_TABLE_NUMBERS // (rows * config.width)), recipe.members)
    trainings = []
    for member in range(n):
        set_values = initial_values[member] if member < len(initial_values) else None
        trainings.append(
            Training(
                data=data, config=config, recipe=recipe if set_values is None else warm_recipe(recipe),
                seed=seed + member * SEEDS_APART, device=device, initial_values=set_values,
            )
        )  # fmt: skip
    return begin_side_by_side(trainings, workers, on_epoch or ignore_epoch, name="a member of the model")


def merged(members: FitsUnderWay[TrainedModel]) -> NeuCF:
    """Wait for all members; their mean as one model.

    Raises:
        TrainingRefused, WorkerDied: as `train_members`.
    """
    return merge_members([each.model for each in members.results()])


def ignore_epoch(_epoch: EpochResult) -> None:
    """For callers who do not need the epochs."""


def warm_recipe(recipe: Recipe) -> Recipe:
    """The recipe of a model that starts from a trained one."""
    least = min(recipe.epochs, recipe.warm_least)
    return replace(recipe, epochs=max(least, round(recipe.epochs * recipe.warm_share)))


def _train(
    model: NeuCF,
    data: TrainingSet,
    recipe: Recipe,
    seed: int,
    validate: Callable[[NeuCF], float] | None,
    on_epoch: Callable[[EpochResult], None] | None,
) -> TrainedModel:
    learner = _Learner(model, data, recipe, seed)
    latest = learner.mean.model
    epochs, best = list[EpochResult](), _Best(weights=latest.state_dict())
    for number in range(1, recipe.epochs + 1):
        started = perf_counter()
        loss, trained_at = learner.one_epoch(number), perf_counter()
        is_validated = number % recipe.validate_every == 0 or number == recipe.epochs
        figure = validate(latest) if validate is not None and is_validated else None
        epochs.append(
            EpochResult(
                number=number, of=recipe.epochs, loss=loss, validation=figure,
                seconds=trained_at - started, validation_seconds=perf_counter() - trained_at,
            )
        )  # fmt: skip
        if on_epoch is not None:
            on_epoch(epochs[-1])
        if figure is not None:
            best.offer(number, figure, latest)
            if number - best.epoch >= recipe.patience * recipe.validate_every:
                break
    model.load_state_dict(best.weights)
    best_epoch = best.epoch if validate is not None else len(epochs)
    return TrainedModel(model=model.eval(), best_epoch=best_epoch, epochs=tuple(epochs))


class _Learner:
    """Trains a model epoch by epoch; `mean` holds the weights that are validated and kept."""

    def __init__(self, model: NeuCF, data: TrainingSet, recipe: Recipe, seed: int) -> None:
        self.model, self.data, self.recipe, self.draws = model, data, recipe, np.random.default_rng(seed)
        self.step = Step(model, data, torch.Generator(model.gmf_weights.device).manual_seed(seed + 1))
        fit_nearness(model, self.step.posts, data.likes)
        self.optimizer, self.mean = _optimizer(model, recipe), RunningMean(model, recipe.averaging)
        recent = model.config.recent
        self.next_likes = NextLikes(data, recipe, recent=recent) if recent else None

    def one_epoch(self, number: int) -> float:
        """Do all steps of an epoch; returns the mean loss."""
        self.model.train()
        losses = []
        for batch in self._batches():
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.step.loss(batch)
            loss.backward()
            self.optimizer.step()
            self.mean.follow()
            losses.append(float(loss.detach()))
        return _finite(losses, number)

    def _batches(self) -> Iterator[Batch]:
        if self.next_likes is not None:
            return self.next_likes.batches(self.draws)
        return batches_of(self.data, self.recipe, history=self.model.config.history, generator=self.draws)


@dataclass(slots=True, kw_only=True, eq=False)
class _Best:
    """The weights with the best validation figure so far; before the first figure, the latest weights."""

    weights: dict[str, torch.Tensor]
    epoch: int = 0
    figure: float = -np.inf

    def offer(self, epoch: int, figure: float, model: NeuCF) -> None:
        """Keep these weights if they are better."""
        if figure > self.figure + SMALLEST_GAIN:
            self.epoch, self.figure = epoch, figure
            self.weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, then restore the number of threads.

    A step has hundreds of operations of a few microseconds, and after each one all threads wait for each other: on two
    cores that other services use too, two threads took 4 to 15 times as long as one (EXPERIMENTS.md).
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class RunningMean:
    """A copy of a model whose weights follow the model's own slowly.

    The share that a step keeps grows from 1/10 to `share`, so that the random initial weights are soon forgotten.
    """

    def __init__(self, model: NeuCF, share: float) -> None:
        self.model, self.share, self.steps = deepcopy(model).eval(), share, 0
        self._pairs = list(zip(self.model.parameters(), model.parameters(), strict=True))

    @torch.no_grad()
    def follow(self) -> None:
        """Update the mean with the weights after a step."""
        kept = min(self.share, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        for mean, latest in self._pairs:
            mean.lerp_(latest, 1.0 - kept)


def _new_model(data: TrainingSet, config: NeuCFConfig, seed: int) -> NeuCF:
    model = NeuCF(config, n_user_rows=data.users.n_rows, n_post_rows=data.posts.n_rows)
    model.start(torch.Generator().manual_seed(seed))
    for what, width, layer, vectors in (
        ("image", config.image_width, model.image, data.features.image),
        ("caption", config.caption_width, model.caption, data.features.caption),
    ):
        if _width(vectors) != width:
            raise TrainingRefused(f"{what} vectors: got width {_width(vectors)}, expected {width} as in the config")
        if layer is not None and vectors is not None:
            layer.fit(vectors)
    model.set_content_share(torch.from_numpy(np.bincount(data.likes.posts, minlength=data.posts.n_rows)))
    return model


def _width(vectors: ContentVectors | None) -> int:
    return 0 if vectors is None else vectors.width


def _optimizer(model: NeuCF, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW with strong decay on tables and content projections, and a different decay on the other layers."""
    tables = _parameters(model, ("user_table", "post_table", "image", "caption"))
    layers = _parameters(model, ("user_hidden", "post_hidden", "tower", "recent_likes"))
    free = [model.gmf_weights, *([model.post_bias] if model.post_bias.requires_grad else [])]
    in_order = model.recent_likes is not None
    groups = [
        {"params": tables, "weight_decay": recipe.order_decay if in_order else recipe.table_decay},
        {"params": layers, "weight_decay": recipe.order_decay if in_order else recipe.layer_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def _parameters(model: NeuCF, prefixes: tuple[str, ...]) -> list[torch.nn.Parameter]:
    return [parameter for name, parameter in model.named_parameters() if name.startswith(prefixes)]


def _finite(losses: list[float], number: int) -> float:
    """The mean loss of an epoch."""
    loss_of_epoch = float(np.mean(losses))
    if not np.isfinite(loss_of_epoch):
        raise TrainingRefused(
            f"loss: got {loss_of_epoch} in epoch {number}, expected a finite number; lower the learning rate"
        )
    return loss_of_epoch
