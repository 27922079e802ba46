"""From events to training examples: one per user and post, at the time of the first event between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.domain import KIND_CODES, POSITIVE_KINDS, InteractionKind
from shared.event_columns import Events, Floats, Int64s, PostColumns

NO_AUTHOR = -1  # instead of the hash of an author who is not a user
POSITIVE_CODES = np.array(sorted(KIND_CODES[kind] for kind in POSITIVE_KINDS), dtype=np.int16)
EVENTS_AT_ONCE = 2_000_000  # merged at once; each takes about 130 bytes while they are sorted
HIDE_CODE = KIND_CODES[InteractionKind.HIDE]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortedPosts(PostColumns):
    """The posts that exist; `id_hashes` ascend, each once; `author_id_hashes` hold NO_AUTHOR where there is none."""

    def __post_init__(self) -> None:
        if np.any(self.id_hashes[1:] <= self.id_hashes[:-1]):
            raise ValueError("posts: expected ascending id hashes, each once")

    @classmethod
    def of(cls, posts: PostColumns) -> Self:
        """The same posts, sorted by id hash."""
        found = posts.take(np.argsort(posts.id_hashes))
        return cls(id_hashes=found.id_hashes, author_id_hashes=found.author_id_hashes, created_at=found.created_at)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The posts that a mask keeps."""
        return type(self)(
            id_hashes=self.id_hashes[kept],
            author_id_hashes=self.author_id_hashes[kept],
            created_at=self.created_at[kept],
        )

    def indices(self, post_id_hashes: Int64s) -> Int64s:
        """The index of each post; -1 where there is no such post."""
        if len(self.id_hashes) == 0:
            return np.full(len(post_id_hashes), -1, dtype=np.int64)
        indices = np.minimum(np.searchsorted(self.id_hashes, post_id_hashes), len(self.id_hashes) - 1)
        return np.where(self.id_hashes[indices] == post_id_hashes, indices, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Positive examples, by time, then user, then post."""

    user_id_hashes: Int64s  # (n_examples,)
    post_id_hashes: Int64s  # (n_examples,)
    at: Floats  # (n_examples,) the first event of this user on this post
    liked_at: Floats  # (n_examples,) the first of them that is positive; who saw a post first liked it later

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice | Int64s) -> Self:
        """A part of the examples: as views of the same columns, or in the order of indices."""
        return type(self)(
            user_id_hashes=self.user_id_hashes[part], post_id_hashes=self.post_id_hashes[part],
            at=self.at[part], liked_at=self.liked_at[part],
        )  # fmt: skip

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The examples that a mask keeps."""
        return type(self)(
            user_id_hashes=self.user_id_hashes[kept], post_id_hashes=self.post_id_hashes[kept],
            at=self.at[kept], liked_at=self.liked_at[kept],
        )  # fmt: skip

    def order_of_likes(self) -> Int64s:
        """The order by user, then by when each was liked, then by post: a history's. -> (n_examples,) indices"""
        return np.lexsort((self.post_id_hashes, self.liked_at, self.user_id_hashes))


def examples_of(events: Events, posts: SortedPosts) -> Examples:
    """Merge all events of one user on one post into at most one positive example.

    Positive means a like, comment, save or share of an existing post of somebody else that the user did not hide.
    A view alone is no example, but its time counts: a like usually follows a view of the same post.
    """
    parts = [_pairs_of(part, posts) for part in _parts_by_user(events)]
    merged = Examples(
        user_id_hashes=np.concatenate([part.user_id_hashes for part in parts]),
        post_id_hashes=np.concatenate([part.post_id_hashes for part in parts]),
        at=np.concatenate([part.at for part in parts]),
        liked_at=np.concatenate([part.liked_at for part in parts]),
    )
    parts.clear()
    return _sorted_by_time(merged)


def first_times(events: Events) -> Floats:
    """When each pair of a user and a post had its first event, of whatever kind, ascending. -> (n_pairs,)"""
    return np.sort(np.concatenate([_first_times(part) for part in _parts_by_user(events)]))


def _parts_by_user(events: Events) -> Iterator[Events]:
    """The events in parts of some `EVENTS_AT_ONCE`, all those of a user in one part; at least one part."""
    n_parts = -(-len(events.at) // EVENTS_AT_ONCE)
    if n_parts <= 1:
        yield events
        return
    part = (events.user_id_hashes % n_parts).astype(np.uint16)  # which is sorted in one pass
    order, ends = np.argsort(part, kind="stable"), np.cumsum(np.bincount(part, minlength=n_parts))
    for start, end in pairwise([0, *ends.tolist()]):
        yield events[order[start:end]]


def _first_times(events: Events) -> Floats:
    """The same of some users, in any order."""
    order = np.lexsort((events.at, events.post_id_hashes, events.user_id_hashes))
    user, post = events.user_id_hashes[order], events.post_id_hashes[order]
    is_first = np.r_[True, (user[1:] != user[:-1]) | (post[1:] != post[:-1])][: len(user)]
    return np.asarray(events.at[order][is_first], np.float64)


def _pairs_of(events: Events, posts: SortedPosts) -> Examples:
    """Examples from all events of some users, by user, then post."""
    index = posts.indices(events.post_id_hashes)
    exists = index >= 0
    events, index = events.where(exists), index[exists]
    order = np.lexsort((events.post_id_hashes, events.user_id_hashes))
    user, post = events.user_id_hashes[order], events.post_id_hashes[order]
    if len(user) == 0:
        return Examples(user_id_hashes=user, post_id_hashes=post, at=events.at, liked_at=events.at)
    starts = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (post[1:] != post[:-1])])  # (n_pairs,)
    is_positive, at = np.isin(events.kinds, POSITIVE_CODES)[order], events.at[order]
    liked_at = np.minimum.reduceat(np.where(is_positive, at, np.inf), starts)
    hidden = np.logical_or.reduceat((events.kinds == HIDE_CODE)[order], starts)
    own = posts.author_id_hashes[index[order][starts]] == user[starts]
    pairs = Examples(
        user_id_hashes=user[starts], post_id_hashes=post[starts], at=np.minimum.reduceat(at, starts), liked_at=liked_at
    )
    return pairs.where(np.isfinite(liked_at) & ~hidden & ~own)


def _sorted_by_time(examples: Examples) -> Examples:
    order = np.lexsort((examples.post_id_hashes, examples.user_id_hashes, examples.at))
    return Examples(
        user_id_hashes=examples.user_id_hashes[order],
        post_id_hashes=examples.post_id_hashes[order],
        at=examples.at[order],
        liked_at=examples.liked_at[order],
    )
