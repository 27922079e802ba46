"""One hidden layer over every pair of user and post, a few users at a time.

The plain expression keeps the hidden layer of all pairs until the gradient is taken: 256 users × 4,000 posts × 16 are
64 MB, read and written several times. Here a slice of users is computed at once and stays in the caches, and the
gradient computes it again. Posts are the innermost dimension, so each instruction works on many of them. Two
identities save passes over the pairs (docs/log/performance.md, Train):

- relu(u + p) = max(u, −p) + p, whose last term needs no pairs.
- relu(x) = x · relu'(x): the gradient of the weights follows from those of users and posts.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

CELLS_AT_ONCE = 2**16  # pairs of a slice: at 8 hidden units 2 MB


class PairwiseHidden(torch.autograd.Function):
    """relu(user + post) · weights for all pairs: (n_users, h), (n_posts, h), (h,) -> (n_users, n_posts)."""

    @staticmethod
    def forward(ctx: Any, users: Tensor, posts: Tensor, weights: Tensor) -> Tensor:
        """Every user with every post."""
        ctx.save_for_backward(users, posts, weights)
        user_columns, negated = users.t().contiguous(), (-posts).t().contiguous()  # (h, n_users), (h, n_posts)
        scores = users.new_empty(len(users), len(posts))
        for part, higher in _slices(users, posts):  # (h, n, n_posts)
            torch.maximum(user_columns[:, part, None], negated[:, None, :], out=higher)
            torch.mv(higher.flatten(1).t(), weights, out=scores[part].view(-1))
        return scores.add_(posts @ weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of the three inputs, from that of the scores (n_users, n_posts)."""
        users, posts, weights = ctx.saved_tensors
        (of_scores,) = gradients
        user_columns, post_columns = users.t().contiguous(), posts.t().contiguous()  # (h, n_users), (h, n_posts)
        # Without the weights until the end.
        of_users, of_posts = torch.empty_like(user_columns), torch.zeros_like(post_columns)
        for part, hidden in _slices(users, posts):  # (h, n, n_posts)
            torch.add(user_columns[:, part, None], post_columns[:, None, :], out=hidden)
            gradient = of_scores[part].expand_as(hidden)
            torch.ops.aten.threshold_backward.grad_input(gradient, hidden, 0, grad_input=hidden)
            of_users[:, part] = hidden.sum(dim=2)
            of_posts += hidden.sum(dim=1)
        of_weights = (user_columns * of_users).sum(dim=1) + (post_columns * of_posts).sum(dim=1)
        return of_users.t() * weights, of_posts.t() * weights, of_weights


def _slices(users: Tensor, posts: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Slices of users, each with a view for its hidden layer: always the same memory, which the caches still hold."""
    size = max(1, CELLS_AT_ONCE // max(1, len(posts)))
    buffer = users.new_empty(users.shape[1] * min(size, len(users)) * len(posts))
    for start in range(0, len(users), size):
        n = min(size, len(users) - start)
        yield slice(start, start + n), buffer[: users.shape[1] * n * len(posts)].view(users.shape[1], n, len(posts))


def pairwise_hidden(users: Tensor, posts: Tensor, weights: Tensor) -> Tensor:
    """`PairwiseHidden.apply` with types."""
    scores: Tensor = PairwiseHidden.apply(users, posts, weights)  # type: ignore[no-untyped-call]
    return scores
