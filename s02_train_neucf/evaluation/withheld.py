"""Pairs of user and post that an evaluation never ranks, because the timeline would not show them. Pure."""

import numpy as np
from numpy.typing import NDArray

from shared.distinct import distinct
from shared.event_columns import Events
from shared.neucf.examples import Examples, SortedPosts

EVENTS_AT_ONCE = 2**20

Int64s = NDArray[np.int64]


def withheld_codes(user_id_hashes: Int64s, posts: SortedPosts, before: Events | Examples) -> Int64s:
    """What each user had seen before the cut, proven by an event of any kind, and their own posts.

    Args:
        user_id_hashes: (n_users,) ascending.
        posts: all posts that may be ranked.
        before: the events before the cut; of data that has likes alone, the likes.

    Returns:
        (n_pairs,) user × n_posts + post, in any order; memory grows with the pairs of these users, not with all events.
    """
    codes = [_own_codes(user_id_hashes, posts)]
    for start in range(0, len(before), EVENTS_AT_ONCE):
        part = slice(start, start + EVENTS_AT_ONCE)
        codes.append(_codes(user_id_hashes, posts, before.user_id_hashes[part], before.post_id_hashes[part]))
    return np.concatenate(codes)


def _codes(user_id_hashes: Int64s, posts: SortedPosts, users_of_events: Int64s, posts_of_events: Int64s) -> Int64s:
    """The distinct pairs of these events that are of these users and posts: user × posts + post."""
    users, asked = _indices(user_id_hashes, users_of_events)
    indices = posts.indices(posts_of_events[asked])
    return distinct(users[asked][indices >= 0] * len(posts.id_hashes) + indices[indices >= 0])


def _own_codes(user_id_hashes: Int64s, posts: SortedPosts) -> Int64s:
    """The pairs of these users and the posts that they wrote."""
    users, written = _indices(user_id_hashes, posts.author_id_hashes)
    return users[written] * len(posts.id_hashes) + np.flatnonzero(written)


def _indices(user_id_hashes: Int64s, wanted: Int64s) -> tuple[Int64s, NDArray[np.bool_]]:
    """The index of each wanted user, and whether they are among these users. (n,) -> (n,), (n,)"""
    if len(user_id_hashes) == 0:
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    indices = np.minimum(np.searchsorted(user_id_hashes, wanted), len(user_id_hashes) - 1)
    return indices, np.asarray(user_id_hashes[indices] == wanted, dtype=np.bool_)
