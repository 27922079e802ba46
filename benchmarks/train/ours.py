"""Warmline's default training: what the nightly job calls, with its own search for how long and how fast to learn."""

from time import perf_counter

import numpy as np
import torch

from benchmarks.train.program import Best, Split, arguments, turns
from s02_train_neucf.data.dataset import LikeMatrix, TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker
from s02_train_neucf.learning.fit import search
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train_members
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import NO_AUTHOR, Examples, SortedPosts
from shared.neucf.model import NeuCF
from shared.neucf.warm_up import compile_kernels

CPU = torch.device("cpu")
WHOLE = "whole.npy"  # scores of all members, which have learned from the validation likes too


def main() -> None:
    """`python -m benchmarks.train.ours SPLIT.npz SEED FOLDER`"""
    split, seed, folder = arguments()
    posts = _posts(split)
    known = training_set(_examples(split.train, split.at), posts)
    compile_kernels(NeuCFConfig())
    for _ in turns():
        best = Best(split)

        def validate(model: NeuCF, best: Best = best) -> float:
            return best.note(lambda: _scores(model, known, split.train, split))

        found = search(known, NeuCFConfig(), Recipe(), seed=seed, device=CPU, validate=validate)
        everything = training_set(
            _examples(np.r_[split.train, split.val], np.r_[split.at, np.full(len(split.val), split.at.max())]), posts
        )
        model = train_members(everything, NeuCFConfig(), found.recipe, seed=seed, device=CPU)
        whole = {"whole_seconds": perf_counter() - best.began, "whole_processor": best.processor}
        np.save(folder / WHOLE, _scores(model, everything, np.r_[split.train, split.val], split))
        versions = {"torch": torch.__version__, "numpy": np.__version__}
        best.write_record(folder, versions, **whole)


def _posts(split: Split) -> SortedPosts:
    n = split.n_posts
    created_at = np.full(n, float(split.at.min()))
    return SortedPosts(id_hashes=np.arange(n), author_id_hashes=np.full(n, NO_AUTHOR), created_at=created_at)


def _examples(pairs: np.ndarray, at: np.ndarray) -> Examples:
    return Examples(user_id_hashes=pairs[:, 0], post_id_hashes=pairs[:, 1], at=at, liked_at=at)


def _scores(model: NeuCF, data: TrainingSet, known: np.ndarray, split: Split) -> np.ndarray:
    """Everybody with every post. -> (n_users, n_posts)"""
    nothing = LikeMatrix.of(known[:0, 0], known[:0, 1], n_users=split.n_users, n_posts=split.n_posts)
    everyone = LikeMatrix.of(known[:, 0], known[:, 1], n_users=split.n_users, n_posts=split.n_posts)
    task = EvaluationTask(
        user_id_hashes=np.arange(split.n_users),
        posts=_posts(split),
        train_likes=everyone,
        test_likes=nothing,
        withheld=nothing,
    )
    return ModelRanker(model, task, data.users, data.posts).scores(slice(0, split.n_users))


if __name__ == "__main__":
    main()
