"""Layers without values: those are set in one place, by `NeuCF.start` or from a file."""

from typing import TypeVar, cast

import torch
from torch import nn

LayerT = TypeVar("LayerT", bound=nn.Module)


def unset(layer: type[LayerT], *widths: int, **options: bool) -> LayerT:
    """A layer whose values are not set yet; torch's own chance stays untouched."""
    return cast(LayerT, nn.utils.skip_init(layer, *widths, device=torch.get_default_device(), **options))
