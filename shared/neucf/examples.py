"""From events to training examples: one per user and post, dated by the first thing that happened between them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.domain import KIND_CODES, POSITIVE_KINDS, InteractionKind
from shared.event_columns import Events, Floats, Int64s, PostKeys

NO_AUTHOR = -1  # author key of a post whose author is not a user
POSITIVE_CODES = np.array(sorted(KIND_CODES[kind] for kind in POSITIVE_KINDS), dtype=np.int16)
EVENTS_AT_ONCE = 2_000_000  # that are merged at once: some 130 bytes each while they are sorted
HIDE_CODE = KIND_CODES[InteractionKind.HIDE]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortedPosts(PostKeys):
    """The posts that exist; `keys` ascend and hold each post once, and `author_keys` NO_AUTHOR where there is none."""

    def __post_init__(self) -> None:
        if np.any(self.keys[1:] <= self.keys[:-1]):
            raise ValueError("posts: expected ascending keys, each once")

    @classmethod
    def of(cls, posts: PostKeys) -> Self:
        """The same posts in the order of their keys."""
        found = posts.take(np.argsort(posts.keys))
        return cls(keys=found.keys, author_keys=found.author_keys, created_at=found.created_at)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The posts that a mask keeps."""
        return type(self)(keys=self.keys[kept], author_keys=self.author_keys[kept], created_at=self.created_at[kept])

    def places(self, post_keys: Int64s) -> Int64s:
        """Where each key stands in the columns; -1 where there is no such post."""
        if len(self.keys) == 0:
            return np.full(len(post_keys), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.keys, post_keys), len(self.keys) - 1)
        return np.where(self.keys[places] == post_keys, places, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Positive examples, by time, then user, then post."""

    user_keys: Int64s  # (n_examples,)
    post_keys: Int64s  # (n_examples,)
    at: Floats  # (n_examples,) the first event of this user on this post

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice) -> Self:
        """A part of the examples, as views of the same columns."""
        return type(self)(user_keys=self.user_keys[part], post_keys=self.post_keys[part], at=self.at[part])

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The examples that a mask keeps."""
        return type(self)(user_keys=self.user_keys[kept], post_keys=self.post_keys[kept], at=self.at[kept])


def examples_of(events: Events, posts: SortedPosts) -> Examples:
    """Merge all events of one user on one post into at most one positive example.

    Positive is a like, comment, save or share, on a post that exists, by someone else, that the user did not hide.
    A view only dates the example: a like usually follows the view of the same post.
    """
    n_parts = -(-len(events.at) // EVENTS_AT_ONCE)
    if n_parts <= 1:
        return _by_time(_pairs_of(events, posts))
    parts = [_pairs_of(events.where(events.user_keys % n_parts == part), posts) for part in range(n_parts)]
    together = Examples(
        user_keys=np.concatenate([part.user_keys for part in parts]),
        post_keys=np.concatenate([part.post_keys for part in parts]),
        at=np.concatenate([part.at for part in parts]),
    )
    parts.clear()
    return _by_time(together)


def _pairs_of(events: Events, posts: SortedPosts) -> Examples:
    """The examples of some users, all of whose events are here, by user, then post."""
    place = posts.places(events.post_keys)
    exists = place >= 0
    events, place = events.where(exists), place[exists]
    order = np.lexsort((events.post_keys, events.user_keys))
    user, post = events.user_keys[order], events.post_keys[order]
    if len(user) == 0:
        return Examples(user_keys=user, post_keys=post, at=events.at)
    starts = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (post[1:] != post[:-1])])  # (n_pairs,)
    liked = np.logical_or.reduceat(np.isin(events.kinds, POSITIVE_CODES)[order], starts)
    hidden = np.logical_or.reduceat((events.kinds == HIDE_CODE)[order], starts)
    own = posts.author_keys[place[order][starts]] == user[starts]
    first = np.minimum.reduceat(events.at[order], starts)
    return Examples(user_keys=user[starts], post_keys=post[starts], at=first).where(liked & ~hidden & ~own)


def _by_time(examples: Examples) -> Examples:
    order = np.lexsort((examples.post_keys, examples.user_keys, examples.at))
    return Examples(user_keys=examples.user_keys[order], post_keys=examples.post_keys[order], at=examples.at[order])
