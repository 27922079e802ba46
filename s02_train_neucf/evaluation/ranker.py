"""What can be evaluated: anything that scores users with posts."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


class Ranker(Protocol):
    """Anything that can be evaluated."""

    def scores(self, users: slice) -> Scores:
        """Scores of a block of users with every post. -> (n_users_in_block, n_posts)"""
