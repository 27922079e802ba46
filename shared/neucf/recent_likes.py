"""What a user liked last, in order: the part of a user's vector that the mean of all likes cannot tell.

The last posts' vectors are averaged several times, each time with weights that fall by another share per step back
(the idea of a history that decays, as in SLIST, Choi et al., WWW 2021, https://arxiv.org/abs/2102.07453). A linear map
of these means, and a small hidden layer over them, join the user's vector. Posts are scored as before.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from shared.neucf.config import NeuCFConfig

STEP_WEIGHTS = (0.3, 0.6, 0.8, 0.9, 0.97)  # of a like, relative to the next later one; one mean for each
NO_LIKE = -1  # where a user has fewer likes

Int64s = NDArray[np.int64]


class RecentLikes(nn.Module):
    """A vector for each user from the means of their latest likes. Merged members each read their part of a vector."""

    def __init__(self, config: NeuCFConfig) -> None:
        super().__init__()
        n, inputs = config.members, len(STEP_WEIGHTS)
        self._widths = config.gmf_width // n, config.mlp_width // n
        self._dropout, self._is_full = config.recent_dropout, config.recent_full
        width = sum(self._widths)
        self.linear = nn.Parameter(torch.empty(n, inputs * width if config.recent_full else inputs, width))
        self.inner = nn.Parameter(torch.empty(n, inputs * width, config.recent_hidden))
        self.outer = nn.Parameter(torch.empty(n, config.recent_hidden, width))

    @torch.no_grad()
    def start(self, generator: torch.Generator) -> None:
        """Set the initial values: the mean of all means, and a hidden layer without a say."""
        inputs, width = len(STEP_WEIGHTS), self.linear.shape[2]
        if self._is_full:
            self.linear.copy_((torch.eye(width) / inputs).repeat(len(self.linear), inputs, 1))
        else:
            self.linear.fill_(1.0 / inputs)
        self.inner.normal_(0.0, self.inner.shape[1] ** -0.5, generator=generator)
        self.outer.zero_()

    def forward(self, means: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """The vector that joins each user's own; zeros for someone without likes. -> (n_users, width)

        Args:
            means: (n_users, n_step_weights, width), from `decayed_means`.
            noise: of dropout in training; None: there is none.
        """
        own = self._of_members(means)  # (n_members, n_users, n_step_weights, width of one)
        if noise is not None and self._dropout > 0:
            keep = 1.0 - self._dropout
            own = own * torch.empty_like(own).bernoulli_(keep, generator=noise) / keep
        flat = own.flatten(2)  # (n_members, n_users, n_step_weights · width of one)
        mapped = flat @ self.linear if self._is_full else torch.einsum("mukw,mkw->muw", own, self.linear)
        hidden = functional.relu(flat @ self.inner)  # (n_members, n_users, recent_hidden)
        return self._side_by_side(mapped + hidden @ self.outer)

    def _of_members(self, means: Tensor) -> Tensor:
        n, (gmf, mlp) = len(self.linear), self._widths
        parts = means.split((n * gmf, n * mlp), dim=2)
        each = [part.unflatten(2, (n, -1)).permute(2, 0, 1, 3) for part in parts]
        return torch.cat(each, dim=3)

    def _side_by_side(self, vectors: Tensor) -> Tensor:
        """(n_members, n_users, width of one) -> (n_users, width): first the parts for GMF, then those for the MLP"""
        return torch.cat([part.permute(1, 0, 2).flatten(1) for part in vectors.split(self._widths, dim=2)], dim=1)


def latest_likes(liked: Int64s, starts: Int64s, n: int) -> Int64s:
    """The last n likes of each user. -> (n_users, n), the last one last, NO_LIKE before the first

    Args:
        liked: (n_likes,) numbers of posts, user by user, in the order in which they were liked.
        starts: (n_users,) where each user's likes begin.
        n: at least 1.
    """
    ends = np.r_[starts[1:], len(liked)]
    indices = ends[:, None] + np.arange(-n, 0)[None, :]
    exists = indices >= starts[:, None]
    latest: Int64s = np.where(exists, np.r_[liked, NO_LIKE][np.maximum(indices, 0)], NO_LIKE)
    return latest


def decayed_means(vectors: Tensor, latest: Tensor) -> Tensor:
    """The means of the latest likes' vectors, one for each of STEP_WEIGHTS; zeros for someone without likes.

    Args:
        vectors: (n_posts, width), at least one.
        latest: (n_users, n) int64 from `latest_likes`.

    Returns:
        (n_users, n_step_weights, width)
    """
    steps_back = torch.arange(latest.shape[1] - 1, -1, -1, device=vectors.device)
    per_step = vectors.new_tensor(STEP_WEIGHTS)[:, None] ** steps_back  # (n_step_weights, n)
    weights = per_step * (latest != NO_LIKE)[:, None, :]
    weights = weights / weights.sum(dim=2, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
    return weights @ functional.embedding(latest.clamp_min(0), vectors)
