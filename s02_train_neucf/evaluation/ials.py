"""iALS as a baseline, from the package implicit; nothing else imports that package.

Hu, Koren and Volinsky (ICDM 2008), solved with conjugate gradients (Takács, Pilászy and Tikk, RecSys 2011).
"""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores
from shared.errors import TrainingRefused

THREADS_VARIABLE = "OMP_NUM_THREADS"


class IALS:
    """Factors of users and posts; a post that a user did not like is a negative of low weight.

    Args:
        likes: to learn from.
        factors: numbers per user and post.
        weight: of a like, where a missing one has weight 1.
        l2: weight of the L2 regularization.
        iterations: passes over users and posts.
        seed: of the initial factors; nothing else is random.

    Raises:
        TrainingRefused: the package cannot be loaded.
    """

    def __init__(
        self,
        likes: LikeMatrix,
        *,
        factors: int = 64,
        weight: float = 5.0,
        l2: float = 10.0,
        iterations: int = 15,
        seed: int,
    ) -> None:
        solver = _solver()
        with threadpool_limits(
            1, "blas"
        ):  # implicit recommends it: its threads and those of BLAS would wait for each other
            model = solver(
                factors=factors, regularization=l2, alpha=weight, iterations=iterations, random_state=seed,
                num_threads=_threads(),
            )  # fmt: skip
            model.fit(sparse.csr_matrix(likes.to_csr()), show_progress=False)
        self.users: NDArray[np.float32] = np.asarray(model.user_factors, dtype=np.float32)  # (n_users, factors)
        self.posts: NDArray[np.float32] = np.asarray(model.item_factors, dtype=np.float32)  # (n_posts, factors)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray(self.users[users] @ self.posts.T, dtype=np.float32)


def _solver() -> Any:  # the package has no types
    """Imported when used: a machine without it can train, only without this baseline."""
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError as error:
        raise TrainingRefused(
            f"iALS: the package implicit cannot be loaded ({error}); install it, on Debian and Ubuntu with libgomp1 too"
        ) from error
    return AlternatingLeastSquares


def _threads() -> int:
    """As many as the rest of the process may use; 0 means all processors to implicit."""
    threads = os.environ.get(THREADS_VARIABLE, "")
    return int(threads) if threads.isdigit() else 0
