"""What one step minimises: each like against all posts at once (softmax), from a batch of users to one number."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from shared.neucf.model import NeuCF, PostSide, UserSide, taste_of
from shared.neucf.vocab import UNKNOWN_ROW

if TYPE_CHECKING:
    from s02_train_neucf.data.dataset import TrainingSet
    from s02_train_neucf.learning.batches import Batch

MAX_SHORT = 2**16  # places below this are sorted as 16-bit numbers, by radix
Int64s = NDArray[np.int64]


class Step:
    """Computes the loss of one batch; holds what all steps share."""

    def __init__(self, model: NeuCF, data: "TrainingSet", noise: torch.Generator) -> None:
        self.model, self.data, self.noise = model, data, noise
        self.device = model.gmf_weights.device
        self.posts = model.post_input(to_device(data.post_rows(), self.device), data.features)

    def loss(self, batch: "Batch") -> Tensor:
        """Of each like against every post that the user could have had then and was not shown as history.

        The mean over the likes that are asked for, by their weights. -> ()
        """
        users, posts = self._sides(batch)
        left_out = np.r_[self._not_yet(batch), batch.history_users * len(batch.post_rows) + batch.shown]
        asked = target_log_probabilities(
            self._scores(batch, users, posts),
            to_device(left_out, self.device),
            to_device(batch.target_users, self.device),
            to_device(batch.target_posts, self.device),
        )
        return -self._mean(asked, batch)

    def _sides(self, batch: "Batch") -> tuple[UserSide, PostSide]:
        """Both sides of all users and posts of the batch, some ids replaced by the unknown row."""
        user_rows = self._forget(to_device(batch.user_rows, self.device))
        every = len(batch.post_rows) == len(self.posts.model_rows)
        posts = self.posts if every else self.posts.take(to_device(batch.post_rows - 1, self.device))
        if self.model.knows_content:
            posts = replace(posts, model_rows=self._forget(posts.model_rows))
        vectors = self.model.post_vectors(posts)  # (n_posts, width)
        taste = None
        if self.model.config.history:
            shown = (to_device(each, self.device) for each in (batch.shown, batch.history_starts, batch.history_users))
            taste = learned_taste_of(vectors, *shown)  # (n_users, width)
        return self.model.user_side(user_rows, taste), self.model.post_side_of(vectors, posts.model_rows)

    def _forget(self, model_rows: Tensor) -> Tensor:
        """Row-id dropout: without it the unknown row would keep its first values and mean nothing.

        Of posts only where there is content: without any, a forgotten post is noise, and costs (EXPERIMENTS.md).
        """
        share = self.model.config.id_dropout
        if share == 0:
            return model_rows
        forgotten = torch.rand(model_rows.shape, generator=self.noise, device=self.device) < share
        return model_rows.masked_fill(forgotten, UNKNOWN_ROW)

    def _scores(self, batch: "Batch", users: UserSide, posts: PostSide) -> Tensor:
        """Every user with every post, corrected for how posts came into the batch. -> (n_users, n_posts)"""
        scores = self.model.score_block(users, posts, self.noise)  # (n_users, n_posts)
        if batch.chance.min() < 1:
            scores = scores - to_device(batch.chance, self.device).log()
        if batch.disliked is not None:  # so many posts each, in the sum that a like competes with
            at = to_device(batch.disliked.user, self.device), to_device(batch.disliked.post, self.device)
            scores = scores.index_put(at, to_device(batch.disliked.weight, self.device).log(), accumulate=True)
        return scores

    def _mean(self, values: Tensor, batch: "Batch") -> Tensor:
        """The mean over the likes that are asked for, by their weights. (n_asked,) -> ()"""
        if batch.target_weights is None:
            return values.mean()
        weights = to_device(batch.target_weights, self.device)
        return (values * weights).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def _not_yet(self, batch: "Batch") -> NDArray[np.int64]:
        """Places in the flattened scores of posts that came after the last like that is asked of a user."""
        until = np.full(len(batch.user_rows), -np.inf)
        np.maximum.at(until, batch.target_users, batch.target_at)
        created_at = self.data.created_at[batch.post_rows]
        if created_at.max() <= until.min():
            return np.zeros(0, dtype=np.int64)
        later: NDArray[np.bool_] = created_at[None, :] > until[:, None]
        later[batch.target_users, batch.target_posts] = False  # a like stands, whatever the clocks say
        return np.flatnonzero(later)


def target_log_probabilities(scores: Tensor, left_out: Tensor, target_users: Tensor, target_posts: Tensor) -> Tensor:
    """The log of each asked post's share among the posts of its user. -> (n_asked,)

    Args:
        scores: (n_users, n_posts); at least one post of each user is left.
        left_out: (n_left_out,) int64, places in the flattened scores that do not take part; none is asked.
        asked_user: (n_asked,) int64, places of users.
        asked_post: (n_asked,) int64, places of posts.
    """
    asked = target_users * scores.shape[1] + target_posts
    found: Tensor = TargetLogProbabilities.apply(scores, left_out, target_users, asked)  # type: ignore[no-untyped-call]
    return found


class TargetLogProbabilities(torch.autograd.Function):
    """The softmax of the loss, in as few passes over all pairs as can be: they are what a step reads most.

    The plain expression is `scores.masked_fill(left_out, -inf).log_softmax(dim=1)[target_users, target_posts]`;
    the tests compare with it. (n_users, n_posts), (n_left_out,), (n_asked,), (n_asked,) -> (n_asked,)
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, left_out: Tensor, target_users: Tensor, asked: Tensor) -> Tensor:
        """See `target_log_probabilities`; `left_out` and `asked` are places in the flattened scores."""
        shares = scores.clone()
        cells = shares.view(-1)
        cells.index_fill_(0, left_out, -torch.inf)
        shares.sub_(shares.amax(dim=1, keepdim=True))
        above = cells.index_select(0, asked)
        sums = shares.exp_().sum(dim=1)  # (n_users,)
        ctx.save_for_backward(shares, sums, target_users, asked)
        return above - sums.log()[target_users]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient of the scores: what is asked, less each post's share of all that is asked of its user."""
        shares, sums, target_users, asked = ctx.saved_tensors
        (of_asked,) = gradients
        of_users = torch.zeros_like(sums).index_add_(0, target_users, of_asked)
        of_scores = shares * (-of_users / sums)[:, None]
        of_scores.view(-1).index_add_(0, asked, of_asked)
        return of_scores, None, None, None


def learned_taste_of(vectors: Tensor, indices: Tensor, starts: Tensor, users: Tensor) -> Tensor:
    """As `taste_of`, for learning; `users` (n_shown,) names the user of each place, ascending."""
    taste: Tensor = Taste.apply(vectors, indices, starts, users)  # type: ignore[no-untyped-call]
    return taste


class Taste(torch.autograd.Function):
    """A history's mean with a gradient that is as quick as the mean: a quarter of a step went into torch's own.

    (n_posts, width), (n_shown,), (n_users,), (n_shown,) -> (n_users, width)
    """

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, indices: Tensor, starts: Tensor, users: Tensor) -> Tensor:
        """As `taste_of`."""
        ctx.save_for_backward(indices, users)
        ctx.n_posts = len(vectors)
        return taste_of(vectors, indices, starts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The same sum the other way round: for each post, over the users whom it was shown."""
        indices, users = ctx.saved_tensors
        (of_taste,) = gradients
        n_shown = torch.bincount(users, minlength=len(of_taste)).clamp_min_(1)
        n_users = torch.bincount(indices, minlength=ctx.n_posts)  # of each post
        starts = n_users.cumsum(0) - n_users
        order = _ascending(indices, ctx.n_posts)
        of_vectors = functional.embedding_bag(users[order], of_taste / n_shown[:, None], starts, mode="sum")
        return of_vectors, None, None, None


def _ascending(indices: Tensor, n_posts: int) -> Tensor:
    """The order that sorts them, equal ones as they came."""
    if indices.device.type != "cpu":
        return indices.argsort(stable=True)
    column = indices.numpy()
    return torch.from_numpy(np.argsort(column.astype(np.uint16) if n_posts <= MAX_SHORT else column, kind="stable"))


def to_device(column: Int64s | NDArray[np.float32] | NDArray[np.bool_], device: torch.device) -> torch.Tensor:
    """A numpy column as a tensor on a device."""
    return torch.from_numpy(column).to(device)
