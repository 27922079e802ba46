"""Statistics of lists besides hits: coverage of the catalogue and of authors, novelty, and diversity.

All take `lists` (n_users, length): indices of posts, best first, NO_POST (-1) after the last one.
"""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import PerUser
from shared.distinct import distinct
from shared.neucf.features import ContentVectors

Int64s = NDArray[np.int64]
TINY = 1e-12  # shorter vectors have no direction


def coverage(lists: Int64s, k: int, *, n_posts: int) -> float:
    """The share of all posts that are in anybody's first k (Herlocker et al. 2004, section 5.2.1)."""
    first = lists[:, :k]
    return len(distinct(first[first >= 0])) / n_posts if n_posts else 0.0


def author_gini(lists: Int64s, k: int, authors: Int64s) -> float:
    """How unevenly the first k spread over the authors: 0 if all get the same, near 1 if one has all (Gini 1912).

    Args:
        lists: indices of posts.
        k: length that counts.
        authors: (n_posts,) the author of each post; every author with a post counts, shown or not.
    """
    first = lists[:, :k]
    _, author = np.unique(authors, return_inverse=True)
    shown = np.sort(np.bincount(author[first[first >= 0]], minlength=int(author.max(initial=-1)) + 1))
    if shown.sum() == 0:
        return 0.0
    n, rank = len(shown), np.arange(1, len(shown) + 1)
    return float((2 * rank - n - 1) @ shown / (n * shown.sum()))


def novelty(lists: Int64s, k: int, popularity: Int64s, *, n_users: int) -> PerUser:
    """The mean of −log₂ of the share of users who like a post (Zhou et al., PNAS 2010). -> (n_users,) bits

    Args:
        lists: indices of posts.
        k: length that counts; a user without a list gets 0.
        popularity: (n_posts,) users who like each post; one that nobody likes counts as liked by one.
        n_users: users that were counted.
    """
    first = lists[:, :k]
    bits = -np.log2(np.maximum(popularity, 1) / max(n_users, 1))
    return _mean_of_shown(bits[np.maximum(first, 0)], first >= 0)


def photo_diversity(lists: Int64s, k: int, photos: ContentVectors) -> PerUser:
    """The mean cosine distance between two photos of the first k (Ziegler et al. 2005). -> (n_users,) in [0, 2]

    Posts without a photo are left out; with fewer than two photos the distance is 0.
    """
    first = lists[:, :k]
    shown = (first >= 0) & photos.known[np.maximum(first, 0)]
    diversity = np.zeros(len(first))
    for user in range(len(first)):  # the sum of all pairs' cosines is the squared length of the sum
        own = _units(photos.at(first[user][shown[user]]).astype(np.float32)).astype(np.float64)
        n = len(own)
        if n > 1:
            together = own.sum(axis=0)
            diversity[user] = 1.0 - (together @ together - (own * own).sum()) / (n * (n - 1))
    return diversity


def _units(values: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(values, axis=1, keepdims=True)
    units: NDArray[np.float32] = np.divide(values, length, out=np.zeros_like(values), where=length > TINY)
    return units


def _mean_of_shown(values: NDArray[np.float64], shown: NDArray[np.bool_]) -> PerUser:
    n_shown = shown.sum(axis=1)
    means: PerUser = np.where(shown, values, 0.0).sum(axis=1) / np.maximum(n_shown, 1)
    return means
