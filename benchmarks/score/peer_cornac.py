"""Cornac's NeuMF with random weights, ranked user by user by its own `rank`; run by `benchmarks.peers`."""

import json
import sys
from importlib.metadata import version

import cornac
import numpy as np
import torch


def main() -> None:
    """Arguments as JSON: users, posts, top, withheld, seed, threads. Then numbers of users on stdin."""
    given = json.loads(sys.argv[1])
    torch.set_num_threads(given["threads"])
    chance = np.random.default_rng(given["seed"])
    n_users, n_posts = given["users"], given["posts"]
    pairs = [(user, user % n_posts, 1.0) for user in range(n_users)]
    pairs += [(post % n_users, post, 1.0) for post in range(n_posts)]
    data = cornac.data.Dataset.from_uir(list(dict.fromkeys(pairs)), seed=given["seed"])
    model = cornac.models.NeuMF(
        num_factors=8, layers=(64, 32, 16, 8), num_epochs=0, backend="pytorch", verbose=False, seed=given["seed"]
    )
    model.fit(data)
    versions = f"cornac {version('cornac')} with torch {version('torch')}"
    for line in sys.stdin:
        for user in range(int(line)):
            shown = np.ones(n_posts, bool)
            shown[chance.integers(0, n_posts, given["withheld"])] = False
            model.rank(user % n_users, item_indices=np.flatnonzero(shown), k=given["top"])[0][: given["top"]]
        print(json.dumps({"versions": versions}), flush=True)  # noqa: T201 - read by the benchmark


if __name__ == "__main__":
    main()
