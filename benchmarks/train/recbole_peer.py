"""RecBole's NeuMF in a process of its own: run by the Python of the peer's venv, it imports nothing of Warmline.

`python recbole_peer.py WORLD.npz SEED FOLDER`. Its own files go into the folder. The loop is RecBole's own
(`Trainer._train_epoch` over its own loader, which draws the negatives); the time is that of this call.
"""

import importlib
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
EPOCHS: Any = importlib.import_module("epochs")  # beside this file; without the package, and so without its imports

FACTORS, MLP_WIDTH, TOWER = 8, 32, [32, 16, 8]
BATCH, NEGATIVES, LEARNING_RATE = 4096, 4, 0.001
NAME = "world"


def settings(folder: Path, seed: int) -> dict[str, object]:
    """RecBole's own words for the same shape and recipe."""
    return {
        "data_path": str(folder),
        "checkpoint_dir": str(folder),
        "seed": seed,
        "reproducibility": True,
        "use_gpu": False,
        "show_progress": False,
        "state": "ERROR",
        "load_col": {"inter": ["user_id", "item_id"]},
        "train_batch_size": BATCH,
        "train_neg_sample_args": {
            "distribution": "uniform", "sample_num": NEGATIVES, "dynamic": False, "candidate_num": 0
        },
        "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "order": "RO", "group_by": "user", "mode": "full"},
        "mf_embedding_size": FACTORS,
        "mlp_embedding_size": MLP_WIDTH,
        "mlp_hidden_size": TOWER,
        "dropout_prob": 0.0,
        "learning_rate": LEARNING_RATE,
    }  # fmt: skip


def prepared(world: dict[str, Any], seed: int, folder: Path) -> tuple[Any, Any, Any]:
    """RecBole's loader, model and trainer."""
    config_of, data, utils = (importlib.import_module(f"recbole.{name}") for name in ("config", "data", "utils"))
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    header = "user_id:token\titem_id:token"
    np.savetxt(folder / NAME / f"{NAME}.inter", world["train"], "%d", "\t", header=header, comments="")
    config = config_of.Config(model="NeuMF", dataset=NAME, config_dict=settings(folder, seed))
    utils.init_seed(seed, True)  # noqa: FBT003
    loader, _, _ = data.data_preparation(config, data.create_dataset(config))
    model = utils.get_model("NeuMF")(config, loader.dataset)
    return loader, model, utils.get_trainer(config["MODEL_TYPE"], "NeuMF")(config, model)


def scores_of(world: dict[str, Any], loader: Any, model: Any) -> Any:
    """Its logits of what is asked; a post that it has never seen gets the lowest."""
    model.eval()
    dataset, columns = loader.dataset, []
    known = {token: number for number, token in enumerate(dataset.field2id_token["item_id"])}
    users = torch.tensor(dataset.token2id("user_id", world["asked"][:, 0].astype(str)))
    for posts in EPOCHS.asked_posts(world).T:
        rows = torch.tensor([known.get(str(post), 0) for post in posts])
        with torch.no_grad():
            columns.append(model.forward(users, rows).masked_fill(rows == 0, -torch.inf))
    return torch.stack(columns, dim=1).numpy()


def main() -> None:
    """Train whenever told to."""
    warnings.simplefilter("ignore")
    seed, folder = int(sys.argv[2]), Path(sys.argv[3])
    world = EPOCHS.arrays(Path(sys.argv[1]))
    said, sys.stdout = sys.stdout, sys.stderr  # it prints
    loader, model, trainer = prepared(world, seed, folder)
    sys.stdout = said
    for epoch, _ in enumerate(EPOCHS.turns()):
        started = time.perf_counter()
        loss = trainer._train_epoch(loader, epoch)
        EPOCHS.tell({"seconds": time.perf_counter() - started, "loss": loss / len(loader)})
    version = importlib.import_module("recbole").__version__
    versions = {"recbole": version, "torch": torch.__version__, "numpy": np.__version__}
    EPOCHS.tell_end(scores_of(world, loader, model), versions)


if __name__ == "__main__":
    main()
