"""Events on candidates, with posts and users as small indices, prepared once for everything that is counted. Pure.

What a run counts (popularity, what each user has seen, how many people saw a post) needs the latest event of each
group. With small indices, and rows in order of time, that is one sort of 64-bit numbers, which numpy does many times
faster than a sort by several columns.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shared.candidates.columns import find_posts, latest_of_each
from shared.distinct import distinct
from shared.event_columns import Events, Floats, Int16s, Int64s, PostColumns

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateEvents:
    """Events on candidates, the earliest first; at equal times by post."""

    posts: Int64s  # (n,) indices of candidates
    users: Int64s  # (n,) indices in `user_id_hashes`
    kinds: Int16s  # (n,) codes of domain.KIND_CODES
    at: Floats  # (n,) seconds since 1970
    by_others: Bools  # (n,) the user is not the post's author
    user_id_hashes: Int64s  # ascending, each once

    def __len__(self) -> int:
        return len(self.at)

    def before(self, at: float) -> "CandidateEvents":
        """The events before a time (seconds since 1970)."""
        part = slice(0, int(np.searchsorted(self.at, at)))
        return replace(
            self, posts=self.posts[part], users=self.users[part], kinds=self.kinds[part], at=self.at[part],
            by_others=self.by_others[part],
        )  # fmt: skip

    def latest_of_each_pair(self) -> Int64s:
        """Indices of the latest event of each user on each post, by user, then post. -> (n_pairs,)"""
        return latest_of_each(self.posts, self.users, at=self.at)


def candidate_events_of(posts: PostColumns, events: Events | CandidateEvents) -> CandidateEvents:
    """The events on these candidates; a `CandidateEvents` is returned unchanged."""
    if isinstance(events, CandidateEvents):
        return events
    index, known = find_posts(posts, events.post_id_hashes)
    index, hashes, at = index[known], events.user_id_hashes[known], events.at[known]
    order = _time_order(at, index)
    index, hashes, at = index[order], hashes[order], at[order]
    user_id_hashes = distinct(hashes)
    return CandidateEvents(
        posts=index,
        users=np.searchsorted(user_id_hashes, hashes),
        kinds=events.kinds[known][order],
        at=at,
        by_others=hashes != posts.author_id_hashes[index] if len(posts) else np.empty(0, bool),
        user_id_hashes=user_id_hashes,
    )


def _time_order(at: Floats, posts: Int64s) -> Int64s:
    """Indices that sort by time, then post."""
    order = np.argsort(at, kind="stable")
    equal = at[order][1:] == at[order][:-1]
    if equal.any():  # few rows: sorting all of them by two columns takes twice as long
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        rows = order[tied]
        order[tied] = rows[np.lexsort((posts[rows], at[rows]))]
    return order
