"""Has numba compile the scoring loops at a chosen time, so that their compilation is not counted as ranking."""

from dataclasses import replace

import numpy as np
import torch

from shared.neucf.config import NeuCFConfig
from shared.neucf.fast.kernels import kernels
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF
from shared.neucf.score import best_posts, post_side_from, scores_of, user_side_of, vectors_of


def compile_kernels(config: NeuCFConfig) -> None:
    """Score one user with one post: some seconds the first time in a process, then next to nothing.

    Otherwise the first stage that ranks would include these seconds, and `warmline capacity` would extrapolate them.
    """
    model = NeuCF(replace(config, image_width=0, caption_width=0), n_user_rows=2, n_post_rows=2)
    model.start(torch.Generator().manual_seed(0))
    model_rows = np.ones(1, np.int64)
    vectors = vectors_of(model, model_rows, NO_FEATURES, torch.device("cpu"))
    users = user_side_of(model, model_rows, np.zeros(1, np.int64), np.zeros(1, np.int64), vectors)
    scores = scores_of(model.eval(), users, post_side_from(model, vectors, model_rows))
    kernels().withhold(scores, 1, 0, np.zeros(2, np.int64), np.zeros(0, np.int64))
    best_posts(scores, np.zeros(scores.shape, np.bool_), 1)
