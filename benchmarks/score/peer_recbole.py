"""RecBole's NeuMF with random weights, ranked by its own `full_sort_topk`; run by `benchmarks.peers`.

One user a call: of 1, 2, 4, 16 and 100 it is the fastest. What a user had is excluded by `full_sort_topk` itself.
"""

import json
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

warnings.simplefilter("ignore")
np.float_, np.complex_, np.unicode_ = np.float64, np.complex128, np.str_  # type: ignore[attr-defined] # RecBole 1.2.1 still asks for them

from recbole.config import Config  # noqa: E402
from recbole.data import create_dataset, data_preparation  # noqa: E402
from recbole.model.general_recommender.neumf import NeuMF  # noqa: E402
from recbole.utils.case_study import full_sort_topk  # noqa: E402


def main() -> None:
    """Arguments as JSON: users, posts, top, withheld, seed, threads. Then numbers of users on stdin."""
    given = json.loads(sys.argv[1])
    torch.set_num_threads(given["threads"])
    n_users, n_posts = given["users"], given["posts"]
    with tempfile.TemporaryDirectory() as home:
        _write(Path(home), given)
        settings = {
            "data_path": home, "mf_embedding_size": 8, "mlp_embedding_size": 32, "mlp_hidden_size": [32, 16, 8],
            "dropout_prob": 0.0, "use_gpu": False, "state": "ERROR", "show_progress": False,
            "load_col": {"inter": ["user_id", "item_id"]},
            "eval_args": {"split": {"LS": "valid_and_test"}, "mode": "full", "order": "RO", "group_by": "user"},
        }  # fmt: skip
        config = Config(model="NeuMF", dataset="world", config_dict=settings)
        train, _, test = data_preparation(config, create_dataset(config))
    model = NeuMF(config, train.dataset).eval()
    versions = f"recbole {version('recbole')} with torch {version('torch')}"
    for line in sys.stdin:
        for user in range(int(line)):
            full_sort_topk(np.array([1 + user % n_users]), model, test, given["top"], device="cpu")
        print(json.dumps({"versions": versions}), flush=True)  # noqa: T201 - read by the benchmark
    assert model.n_items > n_posts


def _write(home: Path, given: dict[str, int]) -> None:
    chance = np.random.default_rng(given["seed"])
    users = np.repeat(np.arange(given["users"]), given["withheld"])
    posts = chance.integers(0, given["posts"], len(users))
    posts[: given["posts"]] = np.arange(given["posts"])
    (home / "world").mkdir()
    lines = [f"u{user}\tp{post}\n" for user, post in zip(users, posts, strict=True)]
    (home / "world" / "world.inter").write_text("user_id:token\titem_id:token\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
