"""The loss of one step: a softmax of each target like over all posts, averaged over a batch of users."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from shared.neucf.model import NeuCF, PostSide, UserSide, taste_of
from shared.neucf.recent_likes import decayed_means
from shared.neucf.vocab import UNKNOWN_ROW

if TYPE_CHECKING:
    from s02_train_neucf.data.dataset import TrainingSet
    from s02_train_neucf.learning.batches import Batch

MAX_UINT16 = 2**16  # smaller indices are sorted as 16-bit numbers, by radix sort
Int64s = NDArray[np.int64]


class Step:
    """Computes the loss of a batch; holds what all steps share."""

    def __init__(self, model: NeuCF, data: "TrainingSet", noise: torch.Generator) -> None:
        self.model, self.data, self.noise = model, data, noise
        self.device = model.gmf_weights.device
        self.posts = model.post_input(to_device(data.post_rows(), self.device), data.features)

    def loss(self, batch: "Batch") -> Tensor:
        """The loss of each target against every post that existed then and is not part of the user's history.

        The weighted mean over all targets. -> ()
        """
        users, posts = self._sides(batch)
        masked = np.r_[self._not_yet(batch), batch.history_users * len(batch.post_rows) + batch.history_posts]
        log_probabilities = target_log_probabilities(
            self._scores(batch, users, posts),
            to_device(masked, self.device),
            to_device(batch.target_users, self.device),
            to_device(batch.target_posts, self.device),
        )
        return -self._mean(log_probabilities, batch)

    def _sides(self, batch: "Batch") -> tuple[UserSide, PostSide]:
        """The users' and the posts' side of the batch, with some ids replaced by the unknown row."""
        user_rows = self._forget(to_device(batch.user_rows, self.device))
        every = len(batch.post_rows) == len(self.posts.model_rows)
        posts = self.posts if every else self.posts.take(to_device(batch.post_rows - 1, self.device))
        if self.model.knows_content:
            posts = replace(posts, model_rows=self._forget(posts.model_rows))
        vectors = self.model.post_vectors(posts)  # (n_posts, width)
        taste = None
        if self.model.config.history:
            history = (
                to_device(each, self.device)
                for each in (batch.history_posts, batch.history_starts, batch.history_users)
            )
            taste = learned_taste_of(vectors, *history)  # (n_users, width)
        recent = None if batch.latest is None else decayed_means(vectors, to_device(batch.latest, self.device))
        users = self.model.user_side(user_rows, taste, recent, self.noise)
        return users, self.model.post_side_of(vectors, posts.model_rows)

    def _forget(self, model_rows: Tensor) -> Tensor:
        """Dropout of model rows: without it the unknown row would keep its initial values and mean nothing.

        For posts only if there is content: without content a dropped post is only noise (EXPERIMENTS.md).
        """
        share = self.model.config.id_dropout
        if share == 0:
            return model_rows
        forgotten = torch.rand(model_rows.shape, generator=self.noise, device=self.device) < share
        return model_rows.masked_fill(forgotten, UNKNOWN_ROW)

    def _scores(self, batch: "Batch", users: UserSide, posts: PostSide) -> Tensor:
        """Scores of every user with every post, corrected for the sampling of posts. -> (n_users, n_posts)"""
        scores = self.model.score_block(users, posts, self.noise)  # (n_users, n_posts)
        if batch.inclusion_probability.min() < 1:
            scores = scores - to_device(batch.inclusion_probability, self.device).log()
        if batch.disliked is not None:  # each counts as several posts in the softmax's sum
            at = to_device(batch.disliked.user, self.device), to_device(batch.disliked.post, self.device)
            scores = scores.index_put(at, to_device(batch.disliked.weight, self.device).log(), accumulate=True)
        return scores

    def _mean(self, values: Tensor, batch: "Batch") -> Tensor:
        """The weighted mean over all targets. (n_targets,) -> ()"""
        if batch.target_weights is None:
            return values.mean()
        weights = to_device(batch.target_weights, self.device)
        return (values * weights).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def _not_yet(self, batch: "Batch") -> NDArray[np.int64]:
        """Indices in the flattened scores of posts that are newer than the user's last target."""
        until = np.full(len(batch.user_rows), -np.inf)
        np.maximum.at(until, batch.target_users, batch.target_at)
        created_at = self.data.created_at[batch.post_rows]
        if created_at.max() <= until.min():
            return np.zeros(0, dtype=np.int64)
        later: NDArray[np.bool_] = created_at[None, :] > until[:, None]
        later[batch.target_users, batch.target_posts] = False  # a target always counts, even if clocks were wrong
        return np.flatnonzero(later)


def target_log_probabilities(scores: Tensor, masked: Tensor, target_users: Tensor, target_posts: Tensor) -> Tensor:
    """The log-softmax of each target among the posts of its user. -> (n_targets,)

    Args:
        scores: (n_users, n_posts); at least one post of each user is left.
        masked: (n_masked,) int64, indices in the flattened scores that are left out; none is a target.
        target_users: (n_targets,) int64, indices of users.
        target_posts: (n_targets,) int64, indices of posts.
    """
    targets = target_users * scores.shape[1] + target_posts
    log_probabilities: Tensor = TargetLogProbabilities.apply(scores, masked, target_users, targets)  # type: ignore[no-untyped-call]
    return log_probabilities


class TargetLogProbabilities(torch.autograd.Function):
    """The softmax of the loss, in as few passes over all pairs as possible, since they take most of a step.

    The plain expression is `scores.masked_fill(masked, -inf).log_softmax(dim=1)[target_users, target_posts]`;
    the tests compare with it. (n_users, n_posts), (n_masked,), (n_targets,), (n_targets,) -> (n_targets,)
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, masked: Tensor, target_users: Tensor, targets: Tensor) -> Tensor:
        """See `target_log_probabilities`; `masked` and `targets` are indices in the flattened scores."""
        shares = scores.clone()
        cells = shares.view(-1)
        cells.index_fill_(0, masked, -torch.inf)
        shares.sub_(shares.amax(dim=1, keepdim=True))
        shifted = cells.index_select(0, targets)
        sums = shares.exp_().sum(dim=1)  # (n_users,)
        ctx.save_for_backward(shares, sums, target_users, targets)
        return shifted - sums.log()[target_users]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient of the scores: that of the targets, minus each post's share of its user's total."""
        shares, sums, target_users, targets = ctx.saved_tensors
        (target_gradient,) = gradients
        user_gradient = torch.zeros_like(sums).index_add_(0, target_users, target_gradient)
        score_gradient = shares * (-user_gradient / sums)[:, None]
        score_gradient.view(-1).index_add_(0, targets, target_gradient)
        return score_gradient, None, None, None


def learned_taste_of(vectors: Tensor, indices: Tensor, starts: Tensor, users: Tensor) -> Tensor:
    """`taste_of` with a fast gradient; `users` (n_history,) names the user of each index, ascending."""
    taste: Tensor = Taste.apply(vectors, indices, starts, users)  # type: ignore[no-untyped-call]
    return taste


class Taste(torch.autograd.Function):
    """The mean of a history, with a gradient as fast as the mean: torch's own took a quarter of a step.

    (n_posts, width), (n_history,), (n_users,), (n_history,) -> (n_users, width)
    """

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, indices: Tensor, starts: Tensor, users: Tensor) -> Tensor:
        """As `taste_of`."""
        ctx.save_for_backward(indices, users)
        ctx.n_posts = len(vectors)
        return taste_of(vectors, indices, starts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The same sum in the other direction: for each post, over the users whose history has it."""
        indices, users = ctx.saved_tensors
        (taste_gradient,) = gradients
        n_history = torch.bincount(users, minlength=len(taste_gradient)).clamp_min_(1)
        n_users = torch.bincount(indices, minlength=ctx.n_posts)  # of each post
        starts = n_users.cumsum(0) - n_users
        order = _ascending(indices, ctx.n_posts)
        vector_gradient = functional.embedding_bag(
            users[order], taste_gradient / n_history[:, None], starts, mode="sum"
        )
        return vector_gradient, None, None, None


def _ascending(indices: Tensor, n_posts: int) -> Tensor:
    """The stable order that sorts the indices."""
    if indices.device.type != "cpu":
        return indices.argsort(stable=True)
    column = indices.numpy()
    return torch.from_numpy(np.argsort(column.astype(np.uint16) if n_posts <= MAX_UINT16 else column, kind="stable"))


def to_device(column: Int64s | NDArray[np.float32] | NDArray[np.bool_], device: torch.device) -> torch.Tensor:
    """A numpy column as a tensor on a device."""
    return torch.from_numpy(column).to(device)
