"""The lists of users who were asked in a replay, with what they liked later. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.gate.source_lists import SourceLists
from shared.event_columns import Int64s

MAX_LISTS = 4_000  # of one cut, some 40 MB; of more, nothing is kept and no ranker is learned


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedLists:
    """One row for each time that a user was asked; the pairs of user and liked post are those of the cut's `pairs`."""

    user_id_hashes: Int64s  # (n_asked,)
    n_relevant: Int64s  # (n_asked,) posts that the user liked later and could be shown
    lists: SourceLists  # (n_asked,)
    pair_asked: Int64s  # (n_pairs,) the row of each pair
    pair_posts: Int64s  # (n_pairs,) indices of posts

    def __len__(self) -> int:
        return len(self.user_id_hashes)

    def liked(self, posts: NDArray[np.integer]) -> Int64s:
        """The pair of each listed post, -1 where the user did not like it. (n_asked, n) -> (n_asked, n)"""
        n_posts = 1 + max(int(self.pair_posts.max(initial=0)), int(posts.max(initial=0)))
        codes = self.pair_asked * n_posts + self.pair_posts
        order = np.argsort(codes, kind="stable")
        wanted = np.arange(len(posts))[:, None] * n_posts + posts
        at = np.minimum(np.searchsorted(codes[order], wanted), len(codes) - 1)
        return np.where((posts >= 0) & (codes[order][at] == wanted), order[at], -1)


def asked_lists(
    lists: SourceLists | None, relevant: NDArray[np.bool_], user_id_hashes: Int64s, candidates: Int64s
) -> AskedLists | None:
    """Those of the users who liked something; None where no lists were made.

    Args:
        lists: of all users of a block.
        relevant: (n_users, n_candidates) what each liked later.
        user_id_hashes: (n_users,)
        candidates: (n_candidates,) indices of posts.
    """
    if lists is None:
        return None
    n_relevant = relevant.sum(axis=1)
    asked = n_relevant > 0
    rows, columns = np.nonzero(relevant[asked])
    return AskedLists(
        user_id_hashes=user_id_hashes[asked],
        n_relevant=n_relevant[asked],
        lists=lists.where(asked),
        pair_asked=rows,
        pair_posts=candidates[columns],
    )


class KeptLists:
    """Collects lists of a cut, as long as they are not too many."""

    def __init__(self) -> None:
        self._parts: list[AskedLists] | None = []

    def add(self, parts: Sequence[AskedLists | None]) -> None:
        """Keep these, unless there are too many by now, or none were made."""
        for part in parts:
            if self._parts is None or part is None or len(part) + sum(map(len, self._parts)) > MAX_LISTS:
                self._parts = None
            else:
                self._parts.append(part)

    def joined(self) -> AskedLists | None:
        """All of them one after another; None if there are none, or too many."""
        lists = SourceLists.joined(part.lists for part in self._parts or [])
        if self._parts is None or lists is None:
            return None
        first = np.cumsum([0, *(len(part) for part in self._parts)])
        return AskedLists(
            user_id_hashes=np.concatenate([part.user_id_hashes for part in self._parts]),
            n_relevant=np.concatenate([part.n_relevant for part in self._parts]),
            lists=lists,
            pair_asked=np.concatenate(
                [part.pair_asked + start for part, start in zip(self._parts, first, strict=False)]
            ),
            pair_posts=np.concatenate([part.pair_posts for part in self._parts]),
        )
