"""The mean vector of a history with a gradient that is as quick as the mean: a quarter of a step went into torch's."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from shared.neucf.model import taste_of

MAX_SHORT = 2**16  # places below this are sorted as 16-bit numbers, by radix


class Taste(torch.autograd.Function):
    """(n_posts, width), (n_shown,), (n_users,), (n_shown,) -> (n_users, width)."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, places: Tensor, starts: Tensor, users: Tensor) -> Tensor:
        """As `taste_of`."""
        ctx.save_for_backward(places, users)
        ctx.n_posts = len(vectors)
        return taste_of(vectors, places, starts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The same sum the other way round: for each post, over the users whom it was shown."""
        places, users = ctx.saved_tensors
        (of_taste,) = gradients
        n_shown = torch.bincount(users, minlength=len(of_taste)).clamp_min_(1)
        n_users = torch.bincount(places, minlength=ctx.n_posts)  # of each post
        starts = n_users.cumsum(0) - n_users
        order = _ascending(places, ctx.n_posts)
        of_vectors = functional.embedding_bag(users[order], of_taste / n_shown[:, None], starts, mode="sum")
        return of_vectors, None, None, None


def learned_taste_of(vectors: Tensor, places: Tensor, starts: Tensor, users: Tensor) -> Tensor:
    """As `taste_of`, for learning; `users` (n_shown,) names the user of each place, ascending."""
    taste: Tensor = Taste.apply(vectors, places, starts, users)  # type: ignore[no-untyped-call]
    return taste


def _ascending(places: Tensor, n_posts: int) -> Tensor:
    """The order that sorts them, equal ones as they came."""
    if places.device.type != "cpu":
        return places.argsort(stable=True)
    column = places.numpy()
    return torch.from_numpy(np.argsort(column.astype(np.uint16) if n_posts <= MAX_SHORT else column, kind="stable"))
