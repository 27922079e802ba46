"""Cornac's NeuMF with its defaults, in a process of its own: run by the Python of the peers' venv.

`python peer_cornac.py SPLIT.npz SEED FOLDER EPOCHS`. The loop is Cornac's; it asks for a figure after each epoch and
stops by its own rule.
"""

import importlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cornac
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
PROGRAM: Any = importlib.import_module("program")  # beside this file; without the package, and so without its imports


class Watched(cornac.models.NeuMF):  # type: ignore[misc] # Cornac has no types
    """NeuMF whose monitored value is that of the benchmark."""

    best: Any

    def monitor_value(self, train_set: Any, val_set: Any) -> float:  # noqa: ARG002
        """Validation NDCG@10."""
        figure: float = self.best.note(lambda: self.scores(train_set))
        return figure

    def scores(self, data: Any) -> Any:
        """Everybody with every post, those that Cornac has never seen last. -> (n_users, n_posts)"""
        split = self.best.split
        found = np.full((split.n_users, split.n_posts), -np.inf, np.float32)
        posts = np.array(list(data.iid_map))
        for user, index in data.uid_map.items():
            found[user, posts] = self.score(index)
        return found


def main() -> None:
    """Train whenever told to."""
    split, seed, folder = PROGRAM.arguments()
    pairs = [(user, post, 1.0) for user, post in split.train.tolist()]
    data = cornac.data.Dataset.from_uir(pairs, seed=seed)
    for _ in PROGRAM.turns():
        model = Watched(
            num_epochs=PROGRAM.max_epochs(), backend="pytorch", verbose=False, seed=seed,
            early_stopping={"min_delta": PROGRAM.SMALLEST_GAIN, "patience": PROGRAM.PATIENCE},
        )  # fmt: skip
        model.best = PROGRAM.Best(split)
        model.fit(data, data)  # it only passes on what it validates with
        versions = {"cornac": version("cornac"), "torch": torch.__version__, "numpy": np.__version__}
        model.best.write_record(folder, versions)


if __name__ == "__main__":
    main()
