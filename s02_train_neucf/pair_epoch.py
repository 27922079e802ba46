"""One epoch over pairs: draw, gather rows, step, and let the optimisers follow."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from s02_train_neucf.batches import to_device
from s02_train_neucf.dataset import TrainingSet
from s02_train_neucf.pair_step import PairStep
from s02_train_neucf.pairs import PairDraws, Pairs
from s02_train_neucf.recipe import Recipe
from s02_train_neucf.row_adam import Adam, RowAdam
from shared.neucf.model import NeuCF
from shared.neucf.vocab import UNKNOWN_ROW


class PairEpochs:
    """Runs epochs over pairs; holds what all of them share."""

    def __init__(self, model: NeuCF, data: TrainingSet, recipe: Recipe, draws: np.random.Generator) -> None:
        self.model, self._draws = model, PairDraws(data, recipe, draws)
        self._step = PairStep(model, 1 + recipe.negatives)
        self._tables = [
            RowAdam(table.weight, learning_rate=recipe.learning_rate, decay=recipe.table_decay)
            for table in (model.user_table, model.post_table)
        ]
        adam = partial(Adam, learning_rate=recipe.learning_rate)
        self._layers = adam(self._step.layers, decay=recipe.layer_decay)
        self._free = adam([model.gmf_weights], decay=0.0)
        self._bias = adam([model.post_bias], decay=0.0) if model.post_bias.requires_grad else None

    def losses(self, follow: Callable[[], None] | None) -> list[float]:
        """One epoch; the loss of each step, after which `follow`, if any, is told."""
        found = []
        for pairs in self._draws.epoch():
            found.append(self._one(pairs))
            if follow is not None:
                follow()
        losses: list[float] = torch.stack(found).tolist()
        return losses

    def _one(self, pairs: Pairs) -> Tensor:
        model, device = self.model, self.model.gmf_weights.device
        user_rows, post_rows = to_device(pairs.user_rows, device), to_device(pairs.post_rows, device)
        flat = post_rows.view(-1)
        users = model.user_table.weight.detach().index_select(0, user_rows)
        posts = model.post_table.weight.detach().index_select(0, flat)
        bias = model.post_bias.detach().index_select(0, flat).view(post_rows.shape)
        found = self._step.gradients(users, posts, bias, (post_rows != UNKNOWN_ROW).float())
        self._layers.step(found.layers)
        self._free.step([found.gmf_weights])
        self._tables[0].step_rows(user_rows, found.users)
        self._tables[1].step_rows(flat, found.posts)
        if self._bias is not None:
            self._bias.step([torch.zeros_like(model.post_bias).index_add_(0, flat, found.bias.view(-1))])
        return found.loss
