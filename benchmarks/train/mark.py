"""iALS of the package implicit, the mark: the best of the settings that `benchmarks.quality` tries."""

from functools import partial
from importlib.metadata import version

import numpy as np

from benchmarks.quality.systems import IALS_SETTINGS
from benchmarks.train.program import Best, Split, arguments, turns
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ials import IALS


def learned(split: Split, seed: int) -> Best:
    """Each setting once; an "epoch" is a whole solution here."""
    likes = LikeMatrix.of(split.train[:, 0], split.train[:, 1], n_users=split.n_users, n_posts=split.n_posts)
    best = Best(split)
    for factors, weight, l2 in IALS_SETTINGS:
        model = IALS(likes, factors=factors, weight=weight, l2=l2, seed=seed)
        best.note(partial(model.scores, slice(0, split.n_users)))
    return best


def main() -> None:
    """`python -m benchmarks.train.mark SPLIT.npz SEED FOLDER`"""
    split, seed, folder = arguments()
    for _ in turns():
        learned(split, seed).write_record(folder, {"implicit": version("implicit"), "numpy": np.__version__})


if __name__ == "__main__":
    main()
