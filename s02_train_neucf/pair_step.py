"""One step over pairs: the log loss of NeuCF on ids, and its gradient written out.

The same model as `NeuCF.score_pairs`, with which the tests compare loss and gradients. Steps of a few thousand samples
through layers of 8 to 64 are so small that the bookkeeping of automatic gradients, and memory taken anew for each
result, cost more than the arithmetic. Here the user's side is computed once for a like and its negatives, and the
hidden layers keep their places from step to step.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.neucf.model import NeuCF


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gradients:
    """The mean log loss () of a step, and its gradients, each like what it is of."""

    loss: Tensor
    users: Tensor  # (n_likes, width)
    posts: Tensor  # (n_likes · samples, width)
    bias: Tensor  # (n_likes, samples)
    gmf_weights: Tensor  # (gmf_width,)
    layers: list[Tensor]  # in the order of `PairStep.layers`


class PairStep:
    """Loss and gradients of steps over pairs."""

    def __init__(self, model: NeuCF, samples: int) -> None:
        self._model, self._samples, self._width = model, samples, model.config.gmf_width
        self._tower = [cast(nn.Linear, layer) for layer in model.tower]
        self._rooms: dict[int, list[tuple[Tensor, Tensor]]] = {}  # likes in a step -> hidden layers, their gradients
        user, post = model.user_hidden, model.post_hidden
        self.layers: list[Tensor] = [user.weight, user.bias, post.weight]
        self.layers += [each for layer in self._tower for each in (layer.weight, layer.bias)]

    @torch.no_grad()
    def gradients(self, users: Tensor, posts: Tensor, bias: Tensor, counts: Tensor) -> Gradients:
        """The mean log loss over the samples that count, and its gradients (He et al. 2017, equation 7).

        Args:
            users: (n_likes, width) rows of the table of users.
            posts: (n_likes · samples, width) rows of the table of posts; of each like the liked post comes first.
            bias: (n_likes, samples) of these posts.
            counts: (n_likes, samples) 1, or 0 where a sample does not count.
        """
        n, width = len(users), self._width
        room = self._room(n)
        weights = self._model.gmf_weights
        gmf, theirs = users[:, :width] * weights, posts[:, :width].reshape(n, self._samples, width)
        scores = self._forward(users[:, width:], posts[:, width:], room).view(n, self._samples)
        scores += torch.bmm(theirs, gmf[:, :, None]).squeeze(2)
        scores += bias
        yes = torch.zeros_like(scores)
        yes[:, 0] = 1.0
        share = counts / counts.sum()
        loss = functional.binary_cross_entropy_with_logits(scores, yes, share, reduction="sum")
        of_scores = scores.sigmoid_().sub_(yes).mul_(share)
        of_users, of_posts = torch.empty_like(users), torch.empty_like(posts)
        pulled = torch.bmm(of_scores[:, None, :], theirs).squeeze(1)  # (n, gmf_width)
        torch.mul(pulled, weights, out=of_users[:, :width])
        torch.mul(of_scores[:, :, None], gmf[:, None, :], out=of_posts[:, :width].view(n, self._samples, width))
        mine, others = (users[:, width:], of_users[:, width:]), (posts[:, width:], of_posts[:, width:])
        return Gradients(
            loss=loss,
            users=of_users,
            posts=of_posts,
            bias=of_scores,
            gmf_weights=(pulled * users[:, :width]).sum(dim=0),
            layers=self._backward(of_scores.view(-1), mine, others, room),
        )

    def _room(self, n_likes: int) -> list[tuple[Tensor, Tensor]]:
        """Places for the hidden layers and their gradients, each (n_likes · samples, tower[i])."""
        if n_likes not in self._rooms:  # all steps of an epoch are alike but for the last
            weights = self._model.gmf_weights
            self._rooms = {
                n_likes: [
                    (
                        weights.new_empty(n_likes * self._samples, width),
                        weights.new_empty(n_likes * self._samples, width),
                    )
                    for width in self._model.config.tower
                ]
            }
        return self._rooms[n_likes]

    def _forward(self, users: Tensor, posts: Tensor, room: list[tuple[Tensor, Tensor]]) -> Tensor:
        """(n, mlp_width), (n · samples, mlp_width) -> the MLP's score (n · samples,); fills the hidden layers."""
        model, hidden = self._model, [layer for layer, _ in room]
        ours = torch.addmm(model.user_hidden.bias, users, model.user_hidden.weight.t())  # (n, tower[0])
        torch.mm(posts, model.post_hidden.weight.t(), out=hidden[0])
        hidden[0].view(len(users), self._samples, -1).add_(ours[:, None, :])
        hidden[0].relu_()
        for i, layer in enumerate(self._tower[:-1]):
            torch.addmm(layer.bias, hidden[i], layer.weight.t(), out=hidden[i + 1]).relu_()
        last = self._tower[-1]
        return torch.addmv(last.bias, hidden[-1], last.weight[0])

    def _backward(
        self,
        of_scores: Tensor,
        users: tuple[Tensor, Tensor],
        posts: tuple[Tensor, Tensor],
        room: list[tuple[Tensor, Tensor]],
    ) -> list[Tensor]:
        """The gradients of the layers; `users` and `posts` are the MLP's share of rows and the place of their own."""
        model, found = self._model, list[Tensor]()
        torch.mul(of_scores[:, None], self._tower[-1].weight, out=room[-1][1])
        found += [of_scores.sum()[None], (of_scores @ room[-1][0])[None, :]]
        for i in range(len(room) - 1, -1, -1):
            hidden, passed = room[i]
            torch.ops.aten.threshold_backward.grad_input(passed, hidden, 0, grad_input=passed)
            if i > 0:
                found += [passed.sum(dim=0), passed.t() @ room[i - 1][0]]
                torch.mm(passed, self._tower[i - 1].weight, out=room[i - 1][1])
        passed = room[0][1]
        of_ours = passed.view(len(users[0]), self._samples, -1).sum(dim=1)  # (n, tower[0])
        found += [passed.t() @ posts[0], of_ours.sum(dim=0), of_ours.t() @ users[0]]
        users[1].copy_(of_ours @ model.user_hidden.weight)
        posts[1].copy_(passed @ model.post_hidden.weight)
        return found[::-1]
