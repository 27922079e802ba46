"""What was known about users at an earlier time: what they had liked, and what had to be withheld. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Events, Int64s
from shared.neucf.examples import examples_of

if TYPE_CHECKING:
    from s02_train_neucf.gate.history import History

NO_COLUMN = -1  # of a post that is not a candidate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UserHistories:
    """The histories of some users up to a time."""

    user_id_hashes: Int64s  # (n_users,) ascending
    events: Events  # all their events
    liked: Int64s  # (n_likes,) posts that they liked and that still existed, user by user, in the order of time
    starts: Int64s  # (n_users,) where each user's likes begin

    @property
    def counts(self) -> Int64s:
        """Liked posts per user. (n_users,)"""
        counts: Int64s = np.diff(np.r_[self.starts, len(self.liked)])
        return counts


def histories_at(history: "History", at: float, user_id_hashes: Int64s) -> UserHistories:
    """The histories of these users (ascending) before a time."""
    events, posts = history.events_of(user_id_hashes, before=at), history.data.posts
    examples = examples_of(events, posts)
    liked = examples[examples.order_of_likes()]
    indices = posts.indices(liked.post_id_hashes)
    existed = (posts.created_at[indices] <= at) & (history.data.deleted_at[indices] > at)
    users, indices = np.searchsorted(user_id_hashes, liked.user_id_hashes[existed]), indices[existed]
    starts = np.searchsorted(users, np.arange(len(user_id_hashes)))
    return UserHistories(user_id_hashes=user_id_hashes, events=events, liked=indices, starts=starts)


def withheld_at(history: "History", at: float, histories: UserHistories, candidates: Int64s) -> NDArray[np.bool_]:
    """Candidates that had to be withheld: own posts, posts of authors blocked either way, and seen ones (any event
    proves it, a hide too). -> (n_users, n_candidates)"""
    posts, users, events = history.data.posts, histories.user_id_hashes, histories.events
    columns = columns_of(history, candidates, events.post_id_hashes)
    known = columns != NO_COLUMN
    authors, author_of = np.unique(posts.author_id_hashes[candidates], return_inverse=True)
    kept_from = (authors[None, :] == users[:, None]) | _blocked(history, at, users, authors)  # (n_users, n_authors)
    withheld: NDArray[np.bool_] = kept_from[:, author_of]
    withheld[np.searchsorted(users, events.user_id_hashes[known]), columns[known]] = True
    return withheld


def columns_of(history: "History", candidates: Int64s, post_id_hashes: Int64s) -> Int64s:
    """The column of each post among the candidates; NO_COLUMN for others. (n,) -> (n,)"""
    column_of = np.full(len(history.data.posts.id_hashes) + 1, NO_COLUMN)  # the last one is for unknown posts
    column_of[candidates] = np.arange(len(candidates))
    return column_of[history.data.posts.indices(post_id_hashes)]


def _blocked(history: "History", at: float, users: Int64s, authors: Int64s) -> NDArray[np.bool_]:
    """Whether a user and an author had blocked each other, in either direction. -> (n_users, n_authors)"""
    blocked = np.zeros((len(users), len(authors)), dtype=np.bool_)
    if blocked.size:
        blocks = history.data.blocks
        in_force = blocks.at <= at
        blockers, blocked_users = blocks.user_id_hashes[in_force], blocks.blocked_id_hashes[in_force]
        of_user, of_author = np.r_[blockers, blocked_users], np.r_[blocked_users, blockers]
        user = np.minimum(np.searchsorted(users, of_user), len(users) - 1)
        author = np.minimum(np.searchsorted(authors, of_author), len(authors) - 1)
        both_known = (users[user] == of_user) & (authors[author] == of_author)
        blocked[user[both_known], author[both_known]] = True
    return blocked
