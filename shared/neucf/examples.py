"""From events to training examples: one per user and post, dated by the first thing that happened between them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.domain import KIND_CODES, POSITIVE_KINDS, Kind
from shared.errors import TrainingRefused

NO_AUTHOR = -1  # author key of a post whose author is not a user
POSITIVE_CODES = np.array(sorted(KIND_CODES[kind] for kind in POSITIVE_KINDS), dtype=np.int16)
EVENTS_AT_ONCE = 2_000_000  # that are merged at once: some 130 bytes each while they are sorted
HIDE_CODE = KIND_CODES[Kind.HIDE]

Int64s = NDArray[np.int64]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Interactions as columns, in any order."""

    user_key: Int64s  # (n_events,)
    post_key: Int64s  # (n_events,)
    kind: NDArray[np.int16]  # (n_events,) codes of shared.domain.KIND_CODES
    at: Seconds  # (n_events,) seconds since 1970, UTC

    def __post_init__(self) -> None:
        shapes = {self.user_key.shape, self.post_key.shape, self.kind.shape, self.at.shape}
        if len(shapes) != 1 or self.at.ndim != 1:
            raise ValueError(f"events: got columns of shapes {sorted(shapes)}, expected one length")
        if not np.isfinite(self.at).all():
            raise TrainingRefused("events: a time is NaN or infinite, expected seconds since 1970")

    def __getitem__(self, part: slice) -> Self:
        """A part of the events, as views of the same columns."""
        return type(self)(
            user_key=self.user_key[part], post_key=self.post_key[part], kind=self.kind[part], at=self.at[part]
        )

    def before(self, at: float) -> Self:
        """What happened before a moment; of events in order of time, views of the same columns."""
        if np.all(self.at[1:] >= self.at[:-1]):
            return self[: int(np.searchsorted(self.at, at))]
        return self.where(self.at < at)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The events that a mask keeps."""
        return type(self)(
            user_key=self.user_key[kept], post_key=self.post_key[kept], kind=self.kind[kept], at=self.at[kept]
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posts:
    """The posts that exist, as columns; `post_key` ascends and holds each post once."""

    post_key: Int64s  # (n_posts,)
    author_key: Int64s  # (n_posts,) NO_AUTHOR where there is none
    created_at: Seconds  # (n_posts,) seconds since 1970, UTC

    def __post_init__(self) -> None:
        if np.any(self.post_key[1:] <= self.post_key[:-1]):
            raise ValueError("posts: expected ascending keys, each once")

    def places(self, post_keys: Int64s) -> Int64s:
        """Where each key stands in the columns; -1 where there is no such post."""
        if len(self.post_key) == 0:
            return np.full(len(post_keys), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.post_key, post_keys), len(self.post_key) - 1)
        return np.where(self.post_key[places] == post_keys, places, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Positive examples, by time, then user, then post."""

    user_key: Int64s  # (n_examples,)
    post_key: Int64s  # (n_examples,)
    at: Seconds  # (n_examples,) the first event of this user on this post

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice) -> Self:
        """A part of the examples, as views of the same columns."""
        return type(self)(user_key=self.user_key[part], post_key=self.post_key[part], at=self.at[part])

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The examples that a mask keeps."""
        return type(self)(user_key=self.user_key[kept], post_key=self.post_key[kept], at=self.at[kept])


def examples_of(events: Events, posts: Posts) -> Examples:
    """Merge all events of one user on one post into at most one positive example.

    Positive is a like, comment, save or share, on a post that exists, by someone else, that the user did not hide.
    A view only dates the example: a like usually follows the view of the same post.
    """
    n_parts = -(-len(events.at) // EVENTS_AT_ONCE)
    if n_parts <= 1:
        return _by_time(_pairs_of(events, posts))
    parts = [_pairs_of(events.where(events.user_key % n_parts == part), posts) for part in range(n_parts)]
    together = Examples(
        user_key=np.concatenate([part.user_key for part in parts]),
        post_key=np.concatenate([part.post_key for part in parts]),
        at=np.concatenate([part.at for part in parts]),
    )
    parts.clear()
    return _by_time(together)


def _pairs_of(events: Events, posts: Posts) -> Examples:
    """The examples of some users, all of whose events are here, by user, then post."""
    place = posts.places(events.post_key)
    exists = place >= 0
    events, place = events.where(exists), place[exists]
    order = np.lexsort((events.post_key, events.user_key))
    user, post = events.user_key[order], events.post_key[order]
    if len(user) == 0:
        return Examples(user_key=user, post_key=post, at=events.at)
    starts = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (post[1:] != post[:-1])])  # (n_pairs,)
    liked = np.logical_or.reduceat(np.isin(events.kind, POSITIVE_CODES)[order], starts)
    hidden = np.logical_or.reduceat((events.kind == HIDE_CODE)[order], starts)
    own = posts.author_key[place[order][starts]] == user[starts]
    first = np.minimum.reduceat(events.at[order], starts)
    return Examples(user_key=user[starts], post_key=post[starts], at=first).where(liked & ~hidden & ~own)


def _by_time(examples: Examples) -> Examples:
    order = np.lexsort((examples.post_key, examples.user_key, examples.at))
    return Examples(user_key=examples.user_key[order], post_key=examples.post_key[order], at=examples.at[order])
