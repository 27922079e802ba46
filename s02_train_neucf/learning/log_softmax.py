"""The softmax of the loss, in as few passes over all pairs as can be: they are what a step of the training reads most.

The plain expression is `scores.masked_fill(left_out, -inf).log_softmax(dim=1)[asked_user, asked_post]`; the tests
compare with it.
"""

from typing import Any

import torch
from torch import Tensor


class AskedLogShares(torch.autograd.Function):
    """(n_users, n_posts), (n_left_out,), (n_asked,), (n_asked,) -> (n_asked,)."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, left_out: Tensor, asked_user: Tensor, asked: Tensor) -> Tensor:
        """See `asked_log_shares`; `left_out` and `asked` are places in the flattened scores."""
        shares = scores.clone()
        cells = shares.view(-1)
        cells.index_fill_(0, left_out, -torch.inf)
        shares.sub_(shares.amax(dim=1, keepdim=True))
        above = cells.index_select(0, asked)
        sums = shares.exp_().sum(dim=1)  # (n_users,)
        ctx.save_for_backward(shares, sums, asked_user, asked)
        return above - sums.log()[asked_user]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient of the scores: what is asked, less each post's share of all that is asked of its user."""
        shares, sums, asked_user, asked = ctx.saved_tensors
        (of_asked,) = gradients
        of_users = torch.zeros_like(sums).index_add_(0, asked_user, of_asked)
        of_scores = shares * (-of_users / sums)[:, None]
        of_scores.view(-1).index_add_(0, asked, of_asked)
        return of_scores, None, None, None


def asked_log_shares(scores: Tensor, left_out: Tensor, asked_user: Tensor, asked_post: Tensor) -> Tensor:
    """The log of each asked post's share among the posts of its user. -> (n_asked,)

    Args:
        scores: (n_users, n_posts); at least one post of each user is left.
        left_out: (n_left_out,) int64, places in the flattened scores that do not take part; none is asked.
        asked_user: (n_asked,) int64, places of users.
        asked_post: (n_asked,) int64, places of posts.
    """
    asked = asked_user * scores.shape[1] + asked_post
    found: Tensor = AskedLogShares.apply(scores, left_out, asked_user, asked)  # type: ignore[no-untyped-call]
    return found
