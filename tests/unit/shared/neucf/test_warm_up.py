"""Nothing is left to compile for the parts of a run that rank."""

import numpy as np
import torch

from s02_recsys_neucf.score import IndicesPerUser, candidates_from, rank, users_from
from shared.neucf.config import NeuCFConfig
from shared.neucf.fast.kernels import Kernels, kernels
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF
from shared.neucf.score import best_posts, scores_of
from shared.neucf.warm_up import compile_kernels

CPU = torch.device("cpu")


def compiled() -> dict[str, int]:
    """For how many kinds of arguments each loop is compiled."""
    return {name: len(getattr(kernels(), name).signatures) for name in Kernels.__dataclass_fields__}


def test_what_ranks_afterwards_compiles_nothing() -> None:
    kernels.cache_clear()  # as in a process that has ranked nothing yet
    compile_kernels(NeuCFConfig())
    ahead = compiled()
    assert min(ahead.values()) >= 1
    model = NeuCF(NeuCFConfig(), n_user_rows=4, n_post_rows=6).eval()
    model.start(torch.Generator().manual_seed(0))
    withheld = IndicesPerUser.of([np.array([1]), np.array([0, 2]), np.zeros(0, np.int64)])
    posts = candidates_from(model, np.arange(1, 6), CPU)
    users = users_from(model, np.arange(1, 4), withheld, np.arange(1, 6), NO_FEATURES, CPU)
    assert len(list(rank(model, users, posts, withheld, 3))) == 1
    best_posts(scores_of(model, users, posts), np.zeros((3, 5), np.bool_), 2)
    assert compiled() == ahead
