"""Turns an encoder's vectors into model input: first a few principal components, computed once, then a learned layer.

The components come from the training's posts and are stored in the model's file, so serving reduces a new post's vector
in the same way. Learning from all 1,664 numbers of a photo and a caption took four times as long and
ranked new posts worse (EXPERIMENTS.md).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from shared.neucf.config import NeuCFConfig
from shared.neucf.features import ContentVectors
from shared.neucf.layers import unset

MAX_FITTED = 20_000  # vectors that the components are computed from: more change nothing and cost time
VECTORS_AT_ONCE = 512  # vectors that are float32 at a time: 512 × 1280 floats are 2.6 MB, which stay in the caches
ROUNDS = 6  # of subspace iteration
SPARE = 8  # additional directions during the iteration, for accuracy


@dataclass(frozen=True, slots=True, eq=False)
class ReducedContent:
    """Content of n posts after the reduction; a row of zeros where it is missing."""

    inputs: Tensor  # (n_posts, n_components + 1) float32; the last column is 1 where content is missing, else 0

    @classmethod
    def of(cls, values: Tensor, known: Tensor) -> Self:
        """(n_posts, n_components), zeros where content is missing; (n_posts,) bool"""
        return cls(torch.cat([values, (~known).to(values.dtype)[:, None]], dim=1))

    @property
    def values(self) -> Tensor:
        """(n_posts, n_components)"""
        return self.inputs[:, :-1]

    @property
    def known(self) -> Tensor:
        """Whether each post has content. (n_posts,) bool"""
        return self.inputs[:, -1] == 0

    def take(self, indices: Tensor) -> "ReducedContent":
        """The posts at these indices, in that order."""
        return ReducedContent(self.inputs[indices])


class ContentLayer(nn.Module):
    """Projects one encoder's vectors to the model's width; posts without a vector share a learned one."""

    center: Tensor
    components: Tensor

    def __init__(self, vector_width: int, n_components: int, width: int) -> None:
        super().__init__()
        self.projection = unset(nn.Linear, n_components, width, bias=False)
        self.missing = nn.Parameter(torch.empty(width))
        self.register_buffer("center", torch.zeros(vector_width))
        self.register_buffer("components", torch.eye(n_components, vector_width))

    @classmethod
    def of(cls, vector_width: int, config: NeuCFConfig) -> Self:
        """A layer for vectors of this width, in a model of this shape."""
        return cls(vector_width, min(config.content_width, vector_width), config.width)

    def fit(self, vectors: ContentVectors) -> None:
        """Compute centre and principal components of the known vectors, scaled so that their mean length becomes 1.

        So the layers need not depend on an encoder's centre and scale.
        """
        indices = np.flatnonzero(vectors.known)
        if len(indices) == 0:
            return
        indices = indices[:: -(-len(indices) // MAX_FITTED)]  # an even sample of a large catalogue
        known = torch.from_numpy(vectors.at(indices).astype(np.float32))  # (n_known, vector_width)
        center = known.double().mean(dim=0).float()
        centered = known - center
        components = principal_components(centered, len(self.components))
        length = float((centered @ components.T).norm(dim=1).mean())
        self.center.copy_(center)
        self.components.copy_(components / length if length > 0 else components)

    def reduce(self, vectors: ContentVectors) -> ReducedContent:
        """(n_posts, vector_width) -> (n_posts, n_components), on the device of the model"""
        device = self.center.device
        known = torch.from_numpy(vectors.known).to(device)
        values = torch.empty(len(known), len(self.components), device=device)
        shift = self.center @ self.components.T  # subtracted from 32 numbers per vector instead of 1,280
        for start in range(0, len(known), VECTORS_AT_ONCE):
            part = slice(start, start + VECTORS_AT_ONCE)
            raw = torch.from_numpy(vectors.at(part)).to(device, torch.float32)
            values[part] = raw @ self.components.T - shift
        values[~known] = 0.0  # a missing vector may hold anything, NaN too
        return ReducedContent.of(values, known)

    def add_to(self, vectors: Tensor, reduced: ReducedContent | None, share: Tensor | None) -> Tensor:
        """Post vectors plus the content's part of them. -> (n_posts, width)

        One multiplication gives both the known and the missing ones: training spends much of its time here.

        Args:
            vectors: (n_posts, width)
            reduced: of the same posts; None: all are missing.
            share: (n_posts,) how much the content counts; None: whole.
        """
        weights = self.missing[None, :]  # (1, width)
        inputs = vectors.new_ones(len(vectors), 1)
        if reduced is not None:
            weights = torch.cat([self.projection.weight.T, weights])  # (n_components + 1, width)
            inputs = reduced.inputs
        return torch.addmm(vectors, inputs if share is None else inputs * share[:, None], weights)


def principal_components(centered: Tensor, n_components: int) -> Tensor:
    """The directions of greatest spread, the greatest first, each of length 1. -> (n_components, width)

    Subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4) from a fixed start, so that equal vectors
    give equal components; a full decomposition of 1,280 dimensions takes ten times as long.
    """
    width = centered.shape[1]
    start = torch.randn(width, min(n_components + SPARE, width), generator=torch.Generator().manual_seed(0))
    basis = torch.linalg.qr(start).Q  # (width, n_directions)
    for _ in range(ROUNDS):
        basis = torch.linalg.qr(centered.T @ (centered @ basis)).Q
    coordinates = (centered @ basis).double()  # (n_known, n_directions)
    rotation = torch.linalg.eigh(
        coordinates.T @ coordinates
    ).eigenvectors  # (n_directions, n_directions), by ascending spread
    components = (basis @ rotation.flip(1)[:, :n_components].float()).T  # (n_components, width)
    largest = components.gather(1, components.abs().argmax(dim=1, keepdim=True))
    with_fixed_sign: Tensor = components * largest.sign()  # a direction and its opposite are equivalent
    return with_fixed_sign
