"""The plain ways to the same lists: user by user, and blocks of PyTorch operations."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks.score.worlds import World
from shared.neucf.score import blocks

CELLS_AT_ONCE = 2**13  # user–post pairs of one call, the fastest of 2¹² … 2¹⁸


class PlainLoop:
    """NeuMF as it is written down, one user at a time with all posts; nothing is computed ahead. The reference."""

    def __init__(self, world: World) -> None:
        self._world, model = world, world.model
        self._users, self._posts = world.vectors()  # (n_users, width), (n_posts, width)
        self._gmf = model.config.gmf_width
        self._posts_gmf, self._posts_mlp = (
            self._posts[:, : self._gmf].contiguous(), self._posts[:, self._gmf :].contiguous()
        )  # fmt: skip
        self._first = torch.cat([model.user_hidden.weight, model.post_hidden.weight], dim=1).detach()
        self._bias = model.post_bias[torch.from_numpy(world.rows)].detach()

    @torch.no_grad()
    def scores(self, user: int) -> Tensor:
        """(n_posts,)"""
        model, user_vector = self._world.model, self._users[user]
        both = torch.cat([user_vector[self._gmf :].expand(len(self._posts), -1), self._posts_mlp], dim=1)
        hidden = functional.relu(functional.linear(both, self._first, model.user_hidden.bias))
        product = self._posts_gmf @ (user_vector[: self._gmf] * model.gmf_weights)
        last: Tensor = model.tower[0](hidden)[:, 0] + product + self._bias
        return last

    @torch.no_grad()
    def best(self, user: int) -> NDArray[np.int64]:
        """Places of the best posts that may be shown. -> (top,)"""
        scores, withheld = self.scores(user), self._world.withheld
        scores[torch.from_numpy(withheld.indices[withheld.starts[user] : withheld.starts[user + 1]])] = -torch.inf
        indices: NDArray[np.int64] = torch.topk(scores, self._world.size.top).indices.numpy()
        return indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainBlocks:
    """The first layer split and GMF's weights folded in, in blocks that stay in the caches: `NeuCF.score_block`."""

    world: World

    @torch.no_grad()
    def run(self, n_users: int) -> None:
        """Lists of the first users."""
        world = self.world
        users, posts = world.sides(n_users)
        at_once = max(1, CELLS_AT_ONCE // len(posts))
        for part in blocks(n_users, at_once):
            columns = blocks(len(posts), CELLS_AT_ONCE // (part.stop - part.start))
            scores = torch.cat([world.model.score_block(users[part], posts[some]) for some in columns], dim=1)
            starts = world.withheld.starts[part.start : part.stop + 1]
            rows = np.repeat(np.arange(part.stop - part.start), np.diff(starts))
            scores[
                torch.from_numpy(rows), torch.from_numpy(world.withheld.indices[starts[0] : starts[-1]])
            ] = -torch.inf
            torch.topk(scores, world.size.top)
