"""The nearest posts of all candidates, carried from one run to the next: only what has changed is searched for again.

A candidate's nearest posts stay the nearest when others leave, and a new post is compared with all once. What is not
known after that is who would follow the last of a list that has lost some: such a list is searched for again once it
has lost a third. Until then it is exact, only shorter.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from s02_recsys_neucf.similar.search import (
    EXACT_UP_TO,
    ExactSearch,
    Float32s,
    Nearest,
    NeighbourSearch,
    PostVectorIndex,
)
from s02_recsys_neucf.similar.vector_space import Bools, Vectors
from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import blocks

HELD = 96  # of each post: twice what is published, for near-identical photos and many posts of one author are left out
ENOUGH = 64
MERGED_AT_ONCE = 2_048
MOST_CHANGED = 0.3  # of all posts: above, everything is searched for again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearestPosts:
    """The nearest posts of each post of an index; 200,000 posts take 230 MB, beside the index."""

    index: PostVectorIndex
    nearest: Nearest  # (n_posts, HELD); of each post among the others
    floors: Float32s  # (n_posts,) a post that is not in the list has at most this score; -inf: all are in it
    changed: Bools  # (n_posts,) the list is another one than before

    @classmethod
    def of(cls, index: PostVectorIndex, search: NeighbourSearch | None = None) -> Self:
        """From scratch."""
        own = np.arange(len(index))
        nearest = (search or search_of(index)).nearest(index.vectors, k=HELD, without=own)
        return cls(
            index=index, nearest=nearest, floors=_floors(nearest), changed=np.ones(len(index), np.bool_)
        )  # fmt: skip

    def renewed(self, index: PostVectorIndex) -> "NearestPosts":
        """Those of newer candidates in the same space."""
        before = self.index.indices_of(index.id_hashes)  # (n_posts,) index until now; NO_POST for a new post
        stays = before != NO_POST
        stays[stays] = _same(self.index.take(before[stays]), index.take(np.flatnonzero(stays)))
        kept, new = np.flatnonzero(stays), np.flatnonzero(~stays)
        if len(new) > MOST_CHANGED * len(index):
            return type(self).of(index)
        floors = np.full(len(index), -np.inf, np.float32)
        floors[kept] = self.floors[before[kept]]
        now_at = np.full(len(self.index), NO_POST, np.int64)
        now_at[before[kept]] = kept
        lists, changed = _carried(self.nearest, before, now_at, kept, len(index))
        if len(new):
            changed |= _merge(lists, floors, index, kept, new)
        too_short = (lists.indices != NO_POST).sum(axis=1) < ENOUGH
        again = np.union1d(new, np.flatnonzero(too_short & (floors > -np.inf)))
        if len(again):
            found = ExactSearch(index).nearest(index.take(again), k=HELD, without=again)
            lists.indices[again], lists.scores[again] = found
            floors[again], changed[again] = _floors(found), True
        return NearestPosts(index=index, nearest=lists, floors=floors, changed=changed)


def search_of(index: PostVectorIndex) -> NeighbourSearch:
    """The exact search, or beyond `EXACT_UP_TO` posts a graph."""
    if len(index) <= EXACT_UP_TO or not index.vectors:
        return ExactSearch(index)
    from s02_recsys_neucf.similar.approximate import ApproximateSearch

    return ApproximateSearch(index)


def _floors(nearest: Nearest) -> Float32s:
    return np.where(nearest.indices[:, -1] == NO_POST, np.float32(-np.inf), nearest.scores[:, -1])


def _same(one: Vectors, other: Vectors) -> Bools:
    """Which posts have equal vectors; a changed caption gives another one."""
    same: Bools = np.logical_and.reduce([(one[kind].values == other[kind].values).all(axis=1) for kind in one])
    return same


def _carried(held: Nearest, before: Int64s, now_at: Int64s, kept: Int64s, n_posts: int) -> tuple[Nearest, Bools]:
    """The lists of the posts that stay, without those that left; empty ones for new posts; and which lost some."""
    indices = np.full((n_posts, HELD), NO_POST, np.int64)
    scores = np.full((n_posts, HELD), -np.inf, np.float32)
    changed = np.zeros(n_posts, np.bool_)
    for part in blocks(len(kept), MERGED_AT_ONCE):
        rows = kept[part]
        earlier = held.indices[before[rows]]
        now = np.where(earlier == NO_POST, NO_POST, now_at[earlier])
        value = np.where(now == NO_POST, np.float32(-np.inf), held.scores[before[rows]])
        order = np.argsort(-value, axis=1, kind="stable")
        indices[rows], scores[rows] = np.take_along_axis(now, order, 1), np.take_along_axis(value, order, 1)
        changed[rows] = ((now == NO_POST) & (earlier != NO_POST)).any(axis=1)
    return Nearest(indices, scores), changed


def _merge(lists: Nearest, floors: Float32s, index: PostVectorIndex, kept: Int64s, new: Int64s) -> Bools:
    """Put new posts into the lists of those that stay, where they belong, in place; returns whose lists changed."""
    changed = np.zeros(len(index), np.bool_)
    columns = index.taken(new).post_columns(slice(0, len(new)))  # (n_new, width)
    for part in blocks(len(kept), MERGED_AT_ONCE):
        rows = kept[part]
        asked = index.take(rows)
        scores = (index.query_columns(asked, slice(0, len(rows))) @ columns.T).numpy()  # (n_rows, n_new)
        last = np.maximum(floors[rows], lists.scores[rows, -1])
        hit = np.flatnonzero((scores > last[:, None]).any(axis=1))
        if not len(hit):
            continue
        rows, scores, last = rows[hit], scores[hit], last[hit]
        both = np.concatenate([lists.scores[rows], np.where(scores > last[:, None], scores, -np.inf)], axis=1)
        posts = np.concatenate([lists.indices[rows], np.broadcast_to(new, scores.shape)], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")
        best, dropped = order[:, :HELD], np.take_along_axis(both, order[:, HELD : HELD + 1], 1)[:, 0]
        lists.scores[rows] = np.take_along_axis(both, best, 1)
        lists.indices[rows] = np.where(np.isneginf(lists.scores[rows]), NO_POST, np.take_along_axis(posts, best, 1))
        floors[rows] = np.maximum(floors[rows], dropped)
        changed[rows] = True
    return changed
