"""Fast scoring of a block: GMF as a matrix product, the MLP added by a compiled loop.

The plain definition is `NeuCF.score_block`, which training uses and the tests compare with. The MLP's values of
a pair never leave the innermost caches (docs/log/performance.md). A model on a GPU, or with more than one hidden
layer, is scored by the plain definition. Posts that the model has not seen are rescored by nearness after the loop.
"""

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shared.neucf.fast.finite import refuse_non_finite
from shared.neucf.fast.kernels import kernels
from shared.neucf.fast.simd_lanes import TILE
from shared.neucf.model import NeuCF, PostSide, UserSide

USERS_AT_ONCE = 64
POSTS_AT_ONCE = 2048  # a multiple of TILE; with as many users the scores are 512 KB, half of a common L2 cache

Floats = NDArray[np.float32]


class FusedScorer:
    """A model and its posts, prepared for scoring in blocks. Safe to use from several threads."""

    def __init__(self, model: NeuCF, posts: PostSide) -> None:
        self._model = model
        self._posts = posts
        self._parts: dict[tuple[int, int], PostSide] = {}  # the same parts are asked for again by each block of users
        self._is_compiled = posts.bias.device.type == "cpu" and len(model.tower) == 1
        if self._is_compiled:
            last = cast(nn.Linear, model.tower[0])
            self._weights = _array(last.weight)[0]
            self._bias = posts.bias.detach() + float(last.bias.detach())
            self._tiles = _tiles(_array(posts.hidden))

    @property
    def n_posts(self) -> int:
        return len(self._posts)

    @torch.no_grad()
    def scores(self, users: UserSide, part: slice, buffer: Tensor) -> Floats:
        """Scores of users with some posts. -> (n_users, POSTS_AT_ONCE); -inf up to the end of the last post's tile

        Args:
            users: some of them.
            part: POSTS_AT_ONCE posts or fewer; starts at a multiple of TILE.
            buffer: from `score_buffer`, with one row per user; holds the result.

        Raises:
            ScoringRefused: a score is NaN or infinite.
        """
        posts, n = self._part(part), part.stop - part.start
        if not self._is_compiled:
            buffer[:, :n] = self._model.score_block(users, posts).cpu()
            return _with_end_marked(refuse_non_finite(_array(buffer), n), n)
        torch.addmm(self._bias[part], users.gmf, posts.gmf.T, out=buffer[:, :n])
        scores, tiles = _array(buffer), self._tiles[part.start // TILE : -(-part.stop // TILE)]
        kernels().add_mlp(scores, _array(users.hidden), tiles, self._weights)
        if posts.unseen is not None and users.near is not None:
            posts.unseen.rescore(buffer, users.near)
        return _with_end_marked(refuse_non_finite(scores, n), n)

    def _part(self, part: slice) -> PostSide:
        where = part.start, part.stop
        posts = self._parts.get(where)
        if posts is None:
            posts = self._parts[where] = self._posts[part]
        return posts


def score_buffer(n_users: int) -> Tensor:
    """A buffer for a block of scores."""
    return torch.zeros(n_users, POSTS_AT_ONCE)


def _with_end_marked(scores: Floats, n_posts: int) -> Floats:
    scores[:, n_posts : -(-n_posts // TILE) * TILE] = -np.inf
    return scores


def _tiles(hidden: Floats) -> Floats:
    """(n_posts, h) -> (n_tiles, h, TILE): the posts of a tile are contiguous; the last tile is padded with 0."""
    n_posts, width = hidden.shape
    n_tiles = -(-n_posts // TILE)
    padded = np.zeros((n_tiles * TILE, width), np.float32)
    padded[:n_posts] = hidden
    return np.ascontiguousarray(padded.reshape(n_tiles, TILE, width).transpose(0, 2, 1))


def _array(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().numpy())
