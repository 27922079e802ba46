"""Events lined up with the candidates that they are about, once for all that is counted from them. Pure.

What a run counts (popularity, what each user has seen, how many people saw a post) wants the latest of some events
each. With users and posts as small numbers and rows in the order of time, that is one sort of 64-bit numbers; numpy
sorts those many times faster than it sorts by several columns.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.candidates.columns import find_posts, latest_of_each
from shared.distinct import distinct
from shared.event_columns import Events, Floats, Int16s, Int64s, PostColumns

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateEvents:
    """Events on candidates, the earliest first; at equal times by post."""

    posts: Int64s  # (n,) indices in the column of candidates
    users: Int64s  # (n,) places in `user_id_hashes`
    kinds: Int16s  # (n,) codes of domain.KIND_CODES
    at: Floats  # (n,) seconds since 1970
    by_others: Bools  # (n,) not by the post's author
    user_id_hashes: Int64s  # ascending, each once

    def __len__(self) -> int:
        return len(self.at)

    def latest_of_each_pair(self) -> Int64s:
        """Rows: the latest event of each user on each post, by user, then post."""
        return latest_of_each(self.posts, self.users, at=self.at)


def candidate_events_of(posts: PostColumns, events: Events | CandidateEvents) -> CandidateEvents:
    """Line events up with candidates; events on other posts are left out. What is lined up already stays as it is."""
    if isinstance(events, CandidateEvents):
        return events
    index, known = find_posts(posts, events.post_id_hashes)
    index, keys, at = index[known], events.user_id_hashes[known], events.at[known]
    order = _by_time(at, index)
    index, keys, at = index[order], keys[order], at[order]
    user_id_hashes = distinct(keys)
    return CandidateEvents(
        posts=index,
        users=np.searchsorted(user_id_hashes, keys),
        kinds=events.kinds[known][order],
        at=at,
        by_others=keys != posts.author_id_hashes[index] if len(posts) else np.empty(0, bool),
        user_id_hashes=user_id_hashes,
    )


def _by_time(at: Floats, posts: Int64s) -> Int64s:
    """The order of time, and at equal times that of the posts."""
    order = np.argsort(at, kind="stable")
    equal = at[order][1:] == at[order][:-1]
    if equal.any():  # few rows: sorting all by two columns would take twice as long
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        rows = order[tied]
        order[tied] = rows[np.lexsort((posts[rows], at[rows]))]
    return order
