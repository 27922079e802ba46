"""What had been liked before each question: by its user, in the order of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import LikeMatrix
from shared.neucf.examples import Examples, SortedPosts

Int64s = NDArray[np.int64]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """The likes known of each row asked; several rows may be one user at several moments."""

    likes: LikeMatrix  # (n_asked, n_posts)
    in_order: Int64s  # (n_likes,) places of posts, row by row in the order of time
    at: Seconds  # (n_likes,) seconds, as `in_order`

    @property
    def later(self) -> Int64s:
        """How many likes of the same row are later than each of `in_order`. (n_likes,)"""
        return self.likes.starts[1:][self.likes.users] - 1 - np.arange(len(self.in_order))


def histories_of(log: Examples, posts: SortedPosts, users: Int64s, before: Seconds) -> Histories:
    """The likes of each of these users before a moment of theirs.

    Args:
        log: everything that may be known, each pair once.
        posts: all that exist.
        users: (n_asked,) the user of each row.
        before: (n_asked,) seconds; a like of the same second is not known.
    """
    order = np.lexsort((log.at, log.user_id_hashes))  # stable: likes of one second stay in their order
    known, moments = np.unique(log.user_id_hashes), np.unique(log.at)
    width = len(moments) + 1
    codes = np.searchsorted(known, log.user_id_hashes[order]) * width + np.searchsorted(moments, log.at[order])
    places = np.minimum(np.searchsorted(known, users), max(len(known) - 1, 0))
    first = np.searchsorted(codes, places * width)
    end = np.searchsorted(codes, places * width + np.searchsorted(moments, before))
    counts = np.where(known[places] == users, end - first, 0)
    rows = np.repeat(np.arange(len(users)), counts)
    taken = order[np.arange(len(rows)) + np.repeat(first - (np.cumsum(counts) - counts), counts)]
    in_order = posts.indices(log.post_id_hashes[taken])
    return Histories(
        likes=LikeMatrix.of(rows, in_order, n_users=len(users), n_posts=len(posts.id_hashes)),
        in_order=in_order,
        at=log.at[taken],
    )


def has_clock(log: Examples) -> bool:
    """Whether times are seconds. They are mere places if the gaps between a user's neighbouring likes are all alike."""
    order = np.lexsort((log.at, log.user_id_hashes))
    gaps = np.diff(log.at[order])[np.diff(log.user_id_hashes[order]) == 0]
    return len(gaps) > 0 and bool((gaps != gaps[0]).any())
