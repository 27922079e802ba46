"""The quicker gradient of a history's mean is that of torch's own."""

import pytest
import torch

from s02_train_neucf.learning import loss
from s02_train_neucf.learning.loss import learned_taste_of
from shared.neucf.model import taste_of

PLACES = torch.tensor([3, 0, 3, 2, 0, 1])  # of the first user two, of the third four, of the others none
STARTS, USERS = torch.tensor([0, 2, 2, 6]), torch.tensor([0, 0, 2, 2, 2, 2])


@pytest.mark.parametrize("max_uint16", [2**16, 1], ids=["sorted as short numbers", "sorted as they are"])
def test_the_mean_and_its_gradient_are_those_of_torch(max_uint16: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "MAX_UINT16", max_uint16)
    chance = torch.Generator().manual_seed(1)
    vectors = torch.randn(5, 3, generator=chance).requires_grad_()  # the last post is shown to nobody
    pull = torch.randn(4, 3, generator=chance)
    ours, plain = learned_taste_of(vectors, PLACES, STARTS, USERS), taste_of(vectors, PLACES, STARTS)
    assert torch.equal(ours, plain)
    torch.testing.assert_close(torch.autograd.grad(ours, vectors, pull), torch.autograd.grad(plain, vectors, pull))


def test_without_any_history_there_is_no_gradient() -> None:
    vectors, none = torch.ones(2, 3, requires_grad=True), torch.zeros(0, dtype=torch.int64)
    found = learned_taste_of(vectors, none, torch.zeros(4, dtype=torch.int64), none)
    found.sum().backward()
    assert torch.equal(found, torch.zeros(4, 3))
    assert vectors.grad is not None
    assert not vectors.grad.any()
