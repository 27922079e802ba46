"""The gradient that is written out is the one that torch finds for the model."""

import pytest
import torch
from torch.nn import functional

from s02_train_neucf.pair_step import PairStep
from shared.neucf.config import NeuCFConfig
from shared.neucf.model import NeuCF, PostSide, UserSide

SAMPLES = 3
USERS, POSTS = torch.tensor([1, 2, 2, 3]), torch.tensor([[1, 2, 4], [4, 1, 3], [2, 4, 0], [3, 1, 1]])
COUNTS = (POSTS != 0).double()


@pytest.mark.parametrize("tower", [(6,), (6, 4), (8, 5, 3)])
def test_loss_and_gradients_are_those_of_the_model(tower: tuple[int, ...]) -> None:
    config = NeuCFConfig(gmf_width=4, mlp_width=5, tower=tower, history=False, id_dropout=0.0)
    model = NeuCF(config, n_user_rows=4, n_post_rows=5)
    model.start(torch.Generator().manual_seed(1))
    model.double()
    with torch.no_grad():  # wide enough that units are alive and dead alike
        for table in (model.user_table.weight, model.post_table.weight, model.gmf_weights, model.post_bias):
            table.normal_(generator=torch.Generator().manual_seed(2))
    users = model.user_table.weight.detach()[USERS].requires_grad_()
    posts = model.post_table.weight.detach()[POSTS.view(-1)].requires_grad_()
    bias = model.post_bias.detach()[POSTS].requires_grad_()
    step = PairStep(model, SAMPLES)
    step.gradients(users[:2], posts[:6], bias[:2], COUNTS[:2])  # another size before: room is made again

    found = step.gradients(users, posts, bias, COUNTS)

    loss = _plain_loss(model, users, posts, bias)
    of_layers = torch.autograd.grad(loss, [users, posts, bias, model.gmf_weights, *step.layers])
    torch.testing.assert_close(found.loss, loss.detach())
    torch.testing.assert_close([found.users, found.posts, found.bias, found.gmf_weights, *found.layers], [*of_layers])


def _plain_loss(model: NeuCF, users: torch.Tensor, posts: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    width = model.config.gmf_width
    users = users.repeat_interleave(SAMPLES, dim=0)
    scores = model.score_pairs(
        UserSide(users[:, :width] * model.gmf_weights, model.user_hidden(users[:, width:])),
        PostSide(posts[:, :width], model.post_hidden(posts[:, width:]), bias.view(-1)),
    )
    yes = torch.zeros(len(USERS), SAMPLES, dtype=torch.float64)
    yes[:, 0] = 1
    weights = (COUNTS / COUNTS.sum()).view(-1)
    return functional.binary_cross_entropy_with_logits(scores, yes.view(-1), weights, reduction="sum")
