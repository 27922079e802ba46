"""Layers without initial values, which are set by `NeuCF.start` or read from a file."""

from typing import TypeVar, cast

import torch
from torch import nn

LayerT = TypeVar("LayerT", bound=nn.Module)


def unset(layer: type[LayerT], *widths: int, **options: bool) -> LayerT:
    """A layer whose values are not set yet; torch's random generator is not used."""
    return cast(LayerT, nn.utils.skip_init(layer, *widths, device=torch.get_default_device(), **options))
