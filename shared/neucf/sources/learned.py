"""What the model has learned: its own score of a user and a post."""

import numpy as np
from numpy.typing import NDArray

from shared.domain import Reason
from shared.neucf.sources.asked import Asked, AskedCandidates, Int64s, Scores


class Learned:
    """NeuCF's score."""

    name = "neucf"

    def scores(self, asked: Asked) -> Scores:
        """(n_users, n_candidates)"""
        return asked.logits

    def reasons(self, candidates: AskedCandidates) -> Int64s:
        """(n_candidates,)"""
        posts = candidates.posts
        return learned_reasons(posts.model_rows, has_photo=posts.has_photo, has_caption=posts.has_caption)


def learned_reasons(model_rows: Int64s, *, has_photo: NDArray[np.bool_], has_caption: NDArray[np.bool_]) -> Int64s:
    """Why the model puts a post into a list: it learned it from likes, or, if it is newer, its photo or caption.

    -> (n_posts,) codes of `Reason`
    """
    cold = model_rows == 0
    codes = np.where(cold & has_caption, Reason.SIMILAR_CAPTION, Reason.FOR_YOU)
    return np.where(cold & has_photo, Reason.SIMILAR_PHOTO, codes).astype(np.int64)
