"""iALS as a baseline, from the package implicit; nothing else imports that package.

Hu, Koren and Volinsky (ICDM 2008), solved with conjugate gradients (Takács, Pilászy and Tikk, RecSys 2011).
"""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
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
        self.weight, self.l2 = weight, l2

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return np.asarray(self.users[users] @ self.posts.T, dtype=np.float32)

    def answering(self, histories: sparse.csr_array) -> "IALSOfHistories":
        """The same posts for people with these likes, who need not be among those learnt from. (n_rows, n_posts)"""
        return IALSOfHistories(self, histories)


class IALSOfHistories:
    """Factors of each row from its likes, by the step of iALS that solves for a user.

    The confidence of a like is the weight that it was learnt with, times its own weight in the history: with weights
    that fall with age, a recent like says more about what comes next.
    """

    def __init__(self, learnt: IALS, histories: sparse.csr_array) -> None:
        self.posts, self.histories, self.weight = learnt.posts, sparse.csr_array(histories), learnt.weight
        rows = self.posts.astype(np.float64)
        self.all_alike = rows.T @ rows + learnt.l2 * np.eye(rows.shape[1])  # (factors, factors)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        factors = np.stack([self._factors(row) for row in range(users.start, users.stop)])
        return np.asarray(factors @ self.posts.T, dtype=np.float32)

    def _factors(self, row: int) -> NDArray[np.float32]:
        """The user's factors: (YᵀY + Yᵀ(C − I)Y + λI)⁻¹ YᵀC·1, Y of the posts liked in the second and third term."""
        start, stop = self.histories.indptr[row : row + 2]
        liked = self.posts[self.histories.indices[start:stop]].astype(np.float64)  # (n_likes, factors)
        confidence = self.weight * self.histories.data[start:stop].astype(np.float64)
        normal = self.all_alike + liked.T @ (liked * (confidence - 1.0)[:, None])
        solved = linalg.solve(normal, confidence @ liked, assume_a="pos", check_finite=False)
        return np.asarray(solved, dtype=np.float32)


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
