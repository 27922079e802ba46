"""Parts of a model held at nothing, to see what each brings; the nightly job silences none."""

from collections.abc import Sequence
from enum import StrEnum

import torch

from shared.neucf.model import NeuCF


class Part(StrEnum):
    """What can be silenced; content and history are left out by the model's config."""

    GMF = "gmf"
    MLP = "mlp"
    POST_ID = "post id"  # with the bias that belongs to it


@torch.no_grad()
def silence(model: NeuCF, parts: Sequence[Part]) -> None:
    """Set the weights by which these parts reach the score to 0, and keep them there."""
    for part in parts:
        for weights in _weights(model, part):
            weights.zero_()
            weights.requires_grad = False


def _weights(model: NeuCF, part: Part) -> list[torch.Tensor]:
    if part is Part.GMF:
        return [model.gmf_weights]
    if part is Part.MLP:
        return [*model.tower.parameters()]
    return [model.post_table.weight, model.post_bias]
