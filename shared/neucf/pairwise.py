"""One hidden layer over every pair of user and post, a few users at a time.

The plain expression keeps the hidden layer of all pairs until the gradient is taken: 256 users × 4,000 posts × 16 are
64 MB, read and written several times. Here a slice of users goes through at once and stays in the caches, and the
gradient computes it again: a quarter of the time (EXPERIMENTS.md).
"""

from typing import Any

import torch
from torch import Tensor

USERS_AT_ONCE = 8  # 8 × 4,000 posts × 16 floats are 2 MB


class PairwiseHidden(torch.autograd.Function):
    """relu(user + post) · weights for all pairs: (n_users, h), (n_posts, h), (h,) -> (n_users, n_posts)."""

    @staticmethod
    def forward(ctx: Any, users: Tensor, posts: Tensor, weights: Tensor) -> Tensor:
        """Every user with every post."""
        ctx.save_for_backward(users, posts, weights)
        scores = users.new_empty(len(users), len(posts))
        for start in range(0, len(users), USERS_AT_ONCE):
            part = slice(start, start + USERS_AT_ONCE)
            scores[part] = torch.matmul(_hidden(users[part], posts), weights)
        return scores

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of the three inputs, from that of the scores (n_users, n_posts)."""
        users, posts, weights = ctx.saved_tensors
        (of_scores,) = gradients
        of_users, of_posts, of_weights = torch.empty_like(users), torch.zeros_like(posts), torch.zeros_like(weights)
        for start in range(0, len(users), USERS_AT_ONCE):
            part = slice(start, start + USERS_AT_ONCE)
            hidden, mine = _hidden(users[part], posts), of_scores[part]  # (n, n_posts, h), (n, n_posts)
            of_weights += mine.reshape(-1) @ hidden.view(-1, hidden.shape[-1])
            passed = (hidden > 0).to(hidden.dtype).mul_(mine[:, :, None])
            of_users[part] = passed.sum(dim=1)
            of_posts += passed.sum(dim=0)
        return of_users * weights, of_posts * weights, of_weights


def _hidden(users: Tensor, posts: Tensor) -> Tensor:
    return (users[:, None, :] + posts[None, :, :]).relu_()  # (n_users, n_posts, h)


def pairwise_hidden(users: Tensor, posts: Tensor, weights: Tensor) -> Tensor:
    """Apply it; torch's own `apply` has no types."""
    scores: Tensor = PairwiseHidden.apply(users, posts, weights)  # type: ignore[no-untyped-call]
    return scores
