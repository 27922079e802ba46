"""The sliced hidden layer gives what the plain expression gives, and so do its gradients."""

import torch

from shared.neucf.pairwise import USERS_AT_ONCE, pairwise_hidden


def test_scores_and_gradients_are_those_of_the_plain_expression() -> None:
    chance = torch.Generator().manual_seed(1)
    users, posts, weights = (
        torch.randn(*shape, generator=chance, dtype=torch.float64, requires_grad=True)
        for shape in ((2 * USERS_AT_ONCE + 3, 5), (7, 5), (5,))
    )
    pull = torch.randn(len(users), len(posts), generator=chance, dtype=torch.float64)
    plain = (users[:, None, :] + posts[None, :, :]).relu() @ weights
    sliced = pairwise_hidden(users, posts, weights)
    torch.testing.assert_close(sliced, plain)
    inputs = (users, posts, weights)
    torch.testing.assert_close(torch.autograd.grad(sliced, inputs, pull), torch.autograd.grad(plain, inputs, pull))
