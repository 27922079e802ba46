"""What each liked post adds to its user's NDCG@10: the parts whose sum is a ranker's figure. Pure.

The interval of a difference needs them: a post that a ranker misjudges is misjudged for all users, so users who liked
the same posts do not count as independent (`evaluation.shared_errors`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.like_sources import NO_LIKE_SOURCES, LikeSources
from s02_train_neucf.evaluation.metrics import discounts, ideal_gains
from shared.event_columns import Floats, Int64s

K = 10  # as in the gate's metric
NO_PAIR = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairGains:
    """One row for each user and each post that the user liked and could be shown."""

    user_id_hashes: Int64s  # (n_pairs,)
    posts: Int64s  # (n_pairs,) indices of posts
    shares: Floats  # (n_pairs,) the post's part of what its user was asked; 1 in total for each user
    gains: Floats  # (n_systems, n_pairs) the sum over a user's posts is the user's NDCG@10
    served: LikeSources  # (n_pairs,) what had served the user the post

    def __len__(self) -> int:
        return len(self.posts)

    @classmethod
    def joined(cls, parts: Iterable["PairGains"], *, n_systems: int) -> Self:
        """All of these one after another."""
        nothing = PairGains(
            user_id_hashes=np.zeros(0, np.int64),
            posts=np.zeros(0, np.int64),
            shares=np.zeros(0),
            gains=np.zeros((n_systems, 0)),
            served=NO_LIKE_SOURCES,
        )
        every = [nothing, *parts]
        return cls(
            user_id_hashes=np.concatenate([part.user_id_hashes for part in every]),
            posts=np.concatenate([part.posts for part in every]),
            shares=np.concatenate([part.shares for part in every]),
            gains=np.concatenate([part.gains for part in every], axis=1),
            served=LikeSources.joined(part.served for part in every),
        )

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The pairs that a mask keeps."""
        return type(self)(
            user_id_hashes=self.user_id_hashes[kept],
            posts=self.posts[kept],
            shares=self.shares[kept],
            gains=self.gains[:, kept],
            served=self.served.where(kept),
        )

    def averaged(self, user_id_hashes: Int64s, counts: Int64s) -> Self:
        """Of users (ascending) who were asked so many times: each time weighs one part."""
        weights = 1.0 / counts[np.searchsorted(user_id_hashes, self.user_id_hashes)]
        return replace(self, shares=self.shares * weights, gains=self.gains * weights)

    def of_systems(self, systems: Iterable[int]) -> Self:
        """The gains of some systems only."""
        return replace(self, gains=self.gains[list(systems)])


def pair_gains_of(
    lists: Int64s,
    relevant: NDArray[np.bool_],
    user_id_hashes: Int64s,
    candidates: Int64s,
    served_of: Callable[[Int64s, Int64s], LikeSources],
) -> PairGains:
    """The gains of one block of users at one step.

    Args:
        lists: (n_systems, n_users, length) columns of the candidates, best first, below 0 after the last.
        relevant: (n_users, n_candidates) which candidates the users liked later; at least one each.
        user_id_hashes: (n_users,)
        candidates: (n_candidates,) indices of posts.
        served_of: gives what had served some pairs of user and post, from their columns `user_id_hashes` and `posts`.
    """
    users, columns = np.nonzero(relevant)
    n_relevant = relevant.sum(axis=1)
    pair_at = np.full(relevant.shape, NO_PAIR)
    pair_at[users, columns] = np.arange(len(users))
    first = lists[:, :, :K]
    pairs = pair_at[np.arange(len(relevant))[None, :, None], np.maximum(first, 0)]
    system, user, place = np.nonzero((pairs != NO_PAIR) & (first >= 0))
    gains = np.zeros((len(lists), len(users)))
    gains[system, pairs[system, user, place]] = discounts(K)[place] / ideal_gains(n_relevant, K)[user]
    return PairGains(
        user_id_hashes=user_id_hashes[users],
        posts=candidates[columns],
        shares=1.0 / n_relevant[users],
        gains=gains,
        served=served_of(user_id_hashes[users], candidates[columns]),
    )
