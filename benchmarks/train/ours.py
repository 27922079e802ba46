"""Warmline's training in a process of its own: the function that the nightly job calls, stopped after each epoch."""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.train.epochs import arrays, asked_posts, tell, tell_end, turns
from s02_train_neucf.dataset import training_set
from s02_train_neucf.recipe import Loss, Recipe
from s02_train_neucf.train import Epoch, train
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import NO_AUTHOR, Examples, Posts
from shared.neucf.model import NeuCF, PostInput

FACTORS, MLP_WIDTH, TOWER = 8, 32, (32, 16, 8)  # two MLP vectors of 32 make the 64 of 64-32-16-8
BATCH, NEGATIVES, LEARNING_RATE = 4096, 4, 0.001
MANY_EPOCHS = 10_000  # the benchmark says when it is enough


class Enough(Exception):
    """The benchmark has asked for its last epoch."""


def main() -> None:
    """`python -m benchmarks.train.ours WORLD.npz SEED`"""
    world, seed = arrays(Path(sys.argv[1])), int(sys.argv[2])
    posts = np.arange(world["shape"][1])
    data = training_set(
        Examples(user_key=world["train"][:, 0], post_key=world["train"][:, 1], at=np.zeros(len(world["train"]))),
        Posts(post_key=posts, author_key=np.full(len(posts), NO_AUTHOR), created_at=np.zeros(len(posts))),
    )
    config = NeuCFConfig(
        gmf_width=FACTORS, mlp_width=MLP_WIDTH, tower=TOWER, history=False, post_bias=False, id_dropout=0.0
    )
    recipe = Recipe(
        loss=Loss.BCE, epochs=MANY_EPOCHS, step_samples=BATCH, negatives=NEGATIVES, learning_rate=LEARNING_RATE,
        table_decay=0.0, layer_decay=0.0, averaging=0.0, validate_every=1,
    )  # fmt: skip
    asked, started = turns(), 0.0
    latest: list[NeuCF] = []

    def wait() -> None:
        nonlocal started
        if next(asked, True):  # a turn is None
            raise Enough
        started = time.perf_counter()

    def on_epoch(epoch: Epoch) -> None:
        tell({"seconds": time.perf_counter() - started, "loss": epoch.loss})
        wait()

    def keep(model: NeuCF) -> float:
        latest.append(model)  # the same object each time; more of them is better, so that nothing stops early
        return float(len(latest))

    try:
        wait()
        train(data, config, recipe, seed=seed, device=torch.device("cpu"), validate=keep, on_epoch=on_epoch)
    except Enough:
        users = torch.from_numpy(data.users.rows(world["asked"][:, 0]))
        rows = asked_posts(world)
        columns = [PostInput(rows=torch.from_numpy(data.posts.rows(rows[:, i]))) for i in range(rows.shape[1])]
        with torch.no_grad():
            scores = torch.stack([latest[-1](users, each) for each in columns], dim=1)
        tell_end(scores.numpy(), {"torch": torch.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()
