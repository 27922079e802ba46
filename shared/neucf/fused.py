"""A block of scores as fast as the processor allows: GMF by a matrix product, the MLP by a compiled loop on top of it.

The plain definition is `NeuCF.score_block`, which training uses and the tests compare with. Nothing of the MLP of a
pair leaves the innermost caches here (docs/log/performance.md).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shared.neucf.finite import refuse_non_finite
from shared.neucf.kernels import kernels
from shared.neucf.lanes import ROWS, TILE
from shared.neucf.model import NeuCF, PostSide, UserSide

USERS_AT_ONCE = 64
POSTS_AT_ONCE = 2048  # a multiple of TILE; with as many users the scores are 512 KB, half of a common L2 cache

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tower:
    """The layers after the first one, as `add_mlp` reads them."""

    widths: NDArray[np.int64]
    weights: Floats
    biases: Floats
    last_bias: float
    widest: int  # inner layer

    @classmethod
    def of(cls, model: NeuCF) -> Self:
        """Inner widths are padded with units that stay zero."""
        layers = [cast(nn.Linear, layer) for layer in model.tower]
        widths = [model.config.tower[0], *(_padded(width, ROWS) for width in model.config.tower[1:])]
        weights, biases = [], [np.zeros(1, np.float32)]  # never an empty array
        for layer, (n_in, n_out) in zip(layers[:-1], pairwise(widths), strict=True):
            weight, bias = np.zeros((n_in, n_out), np.float32), np.zeros(n_out, np.float32)
            weight[: layer.in_features, : layer.out_features] = _array(layer.weight).T
            bias[: layer.out_features] = _array(layer.bias)
            weights.append(weight.ravel())
            biases.insert(-1, bias)
        last = np.zeros(widths[-1], np.float32)
        last[: layers[-1].in_features] = _array(layers[-1].weight)[0]
        return cls(
            widths=np.array(widths, np.int64),
            weights=np.concatenate([*weights, last]),
            biases=np.concatenate(biases),
            last_bias=float(layers[-1].bias.detach()),
            widest=max(widths[1:], default=1),
        )


class Fused:
    """A model and its posts, laid out for blocks of scores. Safe to use from several threads."""

    def __init__(self, model: NeuCF, posts: PostSide) -> None:
        self._model = model
        self._posts = posts
        self._on_cpu = posts.bias.device.type == "cpu"
        if self._on_cpu:
            self._tower = Tower.of(model)
            self._bias = posts.bias.detach() + self._tower.last_bias
            self._tiles = _tiles(_array(posts.hidden))

    @property
    def n_posts(self) -> int:
        return len(self._posts)

    @torch.no_grad()
    def scores(self, users: UserSide, part: slice, room: Tensor) -> Floats:
        """Scores of users with some posts. -> (n_users, POSTS_AT_ONCE); -inf up to the end of the last post's tile

        Args:
            users: some of them.
            part: POSTS_AT_ONCE posts or fewer; starts at a multiple of TILE.
            room: from `room_for`, as many rows as there are users; holds what is returned.

        Raises:
            ScoringRefused: a score is NaN or infinite.
        """
        posts, n = self._posts[part], part.stop - part.start
        if not self._on_cpu:
            room[:, :n] = self._model.score_block(users, posts).cpu()
            return _closed(refuse_non_finite(_array(room), n), n)
        torch.addmm(self._bias[part], users.gmf, posts.gmf.T, out=room[:, :n])
        scores, tower = _array(room), self._tower
        tiles = self._tiles[part.start // TILE : -(-part.stop // TILE)]
        scratch = np.empty((2, tower.widest, TILE), np.float32)
        kernels().add_mlp(
            scores, _array(users.hidden), tiles, tower.widths, tower.weights, tower.biases, scratch
        )  # fmt: skip
        return _closed(refuse_non_finite(scores, n), n)


def room_for(n_users: int) -> Tensor:
    """Where a block of scores is computed."""
    return torch.zeros(n_users, POSTS_AT_ONCE)


def _closed(scores: Floats, n_posts: int) -> Floats:
    scores[:, n_posts : _padded(n_posts, TILE)] = -np.inf
    return scores


def _tiles(hidden: Floats) -> Floats:
    """(n_posts, h) -> (n_tiles, h, TILE): the posts of a tile lie beside each other; the last tile is filled with 0."""
    n_posts, width = hidden.shape
    n_tiles = -(-n_posts // TILE)
    padded = np.zeros((n_tiles * TILE, width), np.float32)
    padded[:n_posts] = hidden
    return np.ascontiguousarray(padded.reshape(n_tiles, TILE, width).transpose(0, 2, 1))


def _padded(width: int, multiple: int) -> int:
    return -(-width // multiple) * multiple


def _array(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().numpy())
