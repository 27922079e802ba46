"""What one step minimises: each like against all posts at once (softmax), from a batch of users to one number."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from s02_train_neucf.data.dataset import TrainingSet
from s02_train_neucf.learning.batches import Batch, to_device
from s02_train_neucf.learning.log_softmax import asked_log_shares
from s02_train_neucf.learning.taste import learned_taste_of
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.vocab import UNKNOWN_ROW


class Step:
    """Computes the loss of one batch; holds what all steps share."""

    def __init__(self, model: NeuCF, data: TrainingSet, noise: torch.Generator) -> None:
        self.model, self.data, self.noise = model, data, noise
        self.device = model.gmf_weights.device
        self.posts = model.post_input(to_device(data.post_rows(), self.device), data.features)

    def loss(self, batch: Batch) -> Tensor:
        """Of each like against every post that the user could have had then and was not shown as history.

        The mean over the likes that are asked for, by their weights. -> ()
        """
        users, posts = self._sides(batch)
        left_out = np.r_[self._not_yet(batch), batch.shown_user * len(batch.post_rows) + batch.shown]
        asked = asked_log_shares(
            self._scores(batch, users, posts),
            to_device(left_out, self.device),
            to_device(batch.asked_user, self.device),
            to_device(batch.asked_post, self.device),
        )
        return -self._mean(asked, batch)

    def _sides(self, batch: Batch) -> tuple[UserSide, PostSide]:
        """Both sides of all users and posts of the batch, some ids replaced by the unknown row."""
        user_rows = self._forget(to_device(batch.user_rows, self.device))
        every = len(batch.post_rows) == len(self.posts.rows)
        posts = self.posts if every else self.posts.take(to_device(batch.post_rows - 1, self.device))
        if self.model.knows_content:
            posts = replace(posts, rows=self._forget(posts.rows))
        vectors = self.model.post_vectors(posts)  # (n_posts, width)
        taste = None
        if self.model.config.history:
            shown = (to_device(each, self.device) for each in (batch.shown, batch.shown_starts, batch.shown_user))
            taste = learned_taste_of(vectors, *shown)  # (n_users, width)
        return self.model.user_side(user_rows, taste), self.model.post_side_of(vectors, posts.rows)

    def _forget(self, rows: Tensor) -> Tensor:
        """Row-id dropout: without it the unknown row would keep its first values and mean nothing.

        Of posts only where there is content: without any, a forgotten post is noise, and costs (EXPERIMENTS.md).
        """
        share = self.model.config.id_dropout
        if share == 0:
            return rows
        forgotten = torch.rand(rows.shape, generator=self.noise, device=self.device) < share
        return rows.masked_fill(forgotten, UNKNOWN_ROW)

    def _scores(self, batch: Batch, users: UserSide, posts: PostSide) -> Tensor:
        """Every user with every post, corrected for how posts came into the batch. -> (n_users, n_posts)"""
        scores = self.model.score_block(users, posts, self.noise)  # (n_users, n_posts)
        if batch.chance.min() < 1:
            scores = scores - to_device(batch.chance, self.device).log()
        if batch.shunned is not None:  # so many posts each, in the sum that a like competes with
            at = to_device(batch.shunned.user, self.device), to_device(batch.shunned.post, self.device)
            scores = scores.index_put(at, to_device(batch.shunned.weight, self.device).log(), accumulate=True)
        return scores

    def _mean(self, values: Tensor, batch: Batch) -> Tensor:
        """The mean over the likes that are asked for, by their weights. (n_asked,) -> ()"""
        if batch.asked_weight is None:
            return values.mean()
        weights = to_device(batch.asked_weight, self.device)
        return (values * weights).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def _not_yet(self, batch: Batch) -> NDArray[np.int64]:
        """Places in the flattened scores of posts that came after the last like that is asked of a user."""
        until = np.full(len(batch.user_rows), -np.inf)
        np.maximum.at(until, batch.asked_user, batch.asked_at)
        created_at = self.data.created_at[batch.post_rows]
        if created_at.max() <= until.min():
            return np.zeros(0, dtype=np.int64)
        later: NDArray[np.bool_] = created_at[None, :] > until[:, None]
        later[batch.asked_user, batch.asked_post] = False  # a like stands, whatever the clocks say
        return np.flatnonzero(later)
