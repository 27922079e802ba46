"""The NCF paper's NeuMF in ordinary PyTorch, until no epoch is better."""

import numpy as np
import torch

from benchmarks.quality.plain_neumf import PlainNeuMF
from benchmarks.train.program import Best, Split, arguments, turns
from s02_train_neucf.data.dataset import LikeMatrix


def learned(split: Split, seed: int) -> Best:
    """Epochs until none is better."""
    likes = LikeMatrix.of(split.train[:, 0], split.train[:, 1], n_users=split.n_users, n_posts=split.n_posts)
    model, best = PlainNeuMF(likes, seed=seed), Best(split)
    while not best.is_over:
        model.one_epoch()
        best.note(lambda: model.scores(slice(0, split.n_users)))
    return best


def main() -> None:
    """`python -m benchmarks.train.plain SPLIT.npz SEED FOLDER EPOCHS`"""
    split, seed, folder = arguments()
    for _ in turns():
        learned(split, seed).write_record(folder, {"torch": torch.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()
