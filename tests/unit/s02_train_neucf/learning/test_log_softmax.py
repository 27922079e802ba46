"""The softmax of few passes gives what the plain expression gives, and so does its gradient."""

import torch

from s02_train_neucf.learning.loss import target_log_probabilities

N_USERS, N_POSTS = 3, 5
ASKED_USER, ASKED_POST = torch.tensor([0, 0, 2]), torch.tensor([1, 4, 0])  # nothing is asked of the middle user
LEFT_OUT = torch.tensor([0, 7, 2 * N_POSTS + 3])  # (0, 0), (1, 2), (2, 3)


def scores_by_chance() -> torch.Tensor:
    return torch.randn(N_USERS, N_POSTS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def plain(scores: torch.Tensor) -> torch.Tensor:
    left_out = torch.zeros(N_USERS * N_POSTS, dtype=torch.bool).index_fill_(0, LEFT_OUT, True)
    masked = scores.masked_fill(left_out.view(N_USERS, N_POSTS), -torch.inf)
    return masked.log_softmax(dim=1)[ASKED_USER, ASKED_POST]


def test_shares_and_their_gradient_are_those_of_the_plain_expression() -> None:
    scores = scores_by_chance().requires_grad_()
    pull = torch.tensor([0.3, -2.0, 1.5], dtype=torch.float64)
    ours, expected = target_log_probabilities(scores, LEFT_OUT, ASKED_USER, ASKED_POST), plain(scores)
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(torch.autograd.grad(ours, scores, pull), torch.autograd.grad(expected, scores, pull))


def test_large_scores_do_not_overflow() -> None:
    scores = scores_by_chance() + 1e4
    torch.testing.assert_close(target_log_probabilities(scores, LEFT_OUT, ASKED_USER, ASKED_POST), plain(scores))


def test_the_scores_are_left_as_they_were() -> None:
    scores = scores_by_chance()
    target_log_probabilities(scores, LEFT_OUT, ASKED_USER, ASKED_POST)
    assert torch.equal(scores, scores_by_chance())
