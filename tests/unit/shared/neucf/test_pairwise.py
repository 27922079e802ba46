"""The sliced hidden layer gives what the plain expression gives, and so do its gradients."""

import pytest
import torch

from shared.neucf import pairwise
from shared.neucf.pairwise import pairwise_hidden


@pytest.mark.parametrize(
    "cells_at_once", [1, 20, 2**16], ids=["a user at a time", "two, the last alone", "all at once"]
)
def test_scores_and_gradients_are_those_of_the_plain_expression(
    cells_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairwise, "CELLS_AT_ONCE", cells_at_once)
    chance = torch.Generator().manual_seed(1)
    users, posts, weights = (
        torch.randn(*shape, generator=chance, dtype=torch.float64, requires_grad=True)
        for shape in ((19, 5), (7, 5), (5,))
    )
    pull = torch.randn(len(users), len(posts), generator=chance, dtype=torch.float64)
    plain = (users[:, None, :] + posts[None, :, :]).relu() @ weights
    sliced = pairwise_hidden(users, posts, weights)
    torch.testing.assert_close(sliced, plain)
    inputs = (users, posts, weights)
    torch.testing.assert_close(torch.autograd.grad(sliced, inputs, pull), torch.autograd.grad(plain, inputs, pull))
