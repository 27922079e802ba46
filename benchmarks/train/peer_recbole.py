"""RecBole's NeuMF with its defaults, in a process of its own: run by the Python of the peers' venv.

`python peer_recbole.py SPLIT.npz SEED FOLDER EPOCHS`. Its own files go into the folder. The loop is RecBole's
(`Trainer.fit`, an epoch a call), over its own loader, which draws the negatives.
"""

import importlib
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
PROGRAM: Any = importlib.import_module("program")  # beside this file; without the package, and so without its imports

NAME = "split"
USERS_AT_ONCE = 16  # scored with all posts


def settings(folder: Path, seed: int) -> dict[str, object]:
    """Where things are, in RecBole's words; how it learns is left to its defaults."""
    return {
        "data_path": str(folder),
        "checkpoint_dir": str(folder),
        "seed": seed,
        "reproducibility": True,
        "use_gpu": False,
        "show_progress": False,
        "state": "ERROR",
        "load_col": {"inter": ["user_id", "item_id"]},
        "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "order": "RO", "group_by": "user", "mode": "full"},
    }


def prepared(split: Any, seed: int, folder: Path) -> tuple[Any, Any, Any]:
    """RecBole's loader, model and trainer."""
    config_of, data, utils = (importlib.import_module(f"recbole.{name}") for name in ("config", "data", "utils"))
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    header = "user_id:token\titem_id:token"
    np.savetxt(folder / NAME / f"{NAME}.inter", split.train, "%d", "\t", header=header, comments="")
    config = config_of.Config(model="NeuMF", dataset=NAME, config_dict=settings(folder, seed))
    utils.init_seed(seed, True)  # noqa: FBT003
    loader, _, _ = data.data_preparation(config, data.create_dataset(config))
    model = utils.get_model("NeuMF")(config, loader.dataset)
    return loader, model, utils.get_trainer(config["MODEL_TYPE"], "NeuMF")(config, model)


@torch.no_grad()
def scores_of(split: Any, loader: Any, model: Any) -> Any:
    """Its log-odds; a post that it has never seen comes last. -> (n_users, n_posts)"""
    model.eval()
    users = torch.tensor(loader.dataset.token2id("user_id", np.arange(split.n_users).astype(str)))
    known = {token: number for number, token in enumerate(loader.dataset.field2id_token["item_id"])}
    rows = torch.tensor([known.get(str(post), 0) for post in range(split.n_posts)])
    blocks = [
        model.forward(some.repeat_interleave(len(rows)), rows.repeat(len(some))).view(len(some), -1)
        for some in users.split(USERS_AT_ONCE)
    ]
    return torch.cat(blocks).masked_fill(rows == 0, -torch.inf).numpy()


def learned(split: Any, loader: Any, model: Any, trainer: Any) -> Any:
    """Epochs until none is better."""
    best = PROGRAM.Best(split)
    while not best.is_over:
        trainer.start_epoch, trainer.epochs = best.epochs, best.epochs + 1
        trainer.fit(loader, saved=False, show_progress=False)
        best.note(lambda: scores_of(split, loader, model))
    return best


def main() -> None:
    """Train whenever told to."""
    warnings.simplefilter("ignore")
    split, seed, folder = PROGRAM.arguments()
    for _ in PROGRAM.turns():
        said, sys.stdout = sys.stdout, sys.stderr  # it prints
        best = learned(split, *prepared(split, seed, folder))
        sys.stdout = said
        versions = {"recbole": version("recbole"), "torch": torch.__version__, "numpy": np.__version__}
        best.write_record(folder, versions)


if __name__ == "__main__":
    main()
