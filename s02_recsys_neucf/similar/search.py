"""Finds the posts that are nearest to others: exactly, block by block, in bounded memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch

from s02_recsys_neucf.similar.vector_space import UnitVectors, VectorKind, Vectors, VectorSpace
from shared.event_columns import Int64s
from shared.neucf.fast.simd_lanes import TILE
from shared.neucf.fast.top_k import NO_POST, BestSoFar
from shared.neucf.score import blocks
from shared.neucf.threads import map_in_threads

Float32s = npt.NDArray[np.float32]

# A thread holds 8 MB of scores, 5 MB of posts and 6 MB of the best so far; 200,000 posts' vectors are 128 MB.
QUERIES_AT_ONCE = 512
POSTS_AT_ONCE = 4_096  # a multiple of TILE
EXACT_UP_TO = 200_000  # posts; above, a graph finds nearly all of the nearest in a fraction of the time
WEIGHTS: Mapping[VectorKind, float] = {VectorKind.PHOTO: 1.0, VectorKind.CAPTION: 1.0, VectorKind.MODEL: 1.0}


class Nearest(NamedTuple):
    """The nearest posts of each query, best first; of equal scores the lower index comes first."""

    indices: Int64s  # (n_queries, k); NO_POST after the last one
    scores: Float32s  # (n_queries, k); -inf there


class NeighbourSearch(Protocol):
    """Finds the nearest of the posts that it holds."""

    def nearest(self, queries: Vectors, *, k: int, without: Int64s | None = None) -> Nearest:
        """The k nearest posts of each query.

        Args:
            queries: of posts in the same space; (n_queries,) of each kind. A kind that is left out counts nothing.
            k: posts for each.
            without: (n_queries,) the index of a post that is left out, the query itself; NO_POST: none.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PostVectorIndex:
    """The posts that are searched. Its float16 numbers are the whole memory: 640 bytes a post with all three kinds."""

    id_hashes: Int64s  # (n_posts,) each once
    space: VectorSpace
    vectors: Vectors  # (n_posts,) of each kind of the space
    weights: Mapping[VectorKind, float] = field(default_factory=lambda: WEIGHTS)

    def __len__(self) -> int:
        return len(self.id_hashes)

    def indices_of(self, id_hashes: Int64s) -> Int64s:
        """The index of each of these posts; NO_POST for one that is not here."""
        if not len(self):
            return np.full(len(id_hashes), NO_POST, np.int64)
        order = np.argsort(self.id_hashes)
        found = order[np.minimum(np.searchsorted(self.id_hashes, id_hashes, sorter=order), len(order) - 1)]
        return np.where(self.id_hashes[found] == id_hashes, found, NO_POST)

    def take(self, indices: Int64s) -> Vectors:
        """The vectors of the posts at these indices, for instance as queries."""
        return {kind: units.take(indices) for kind, units in self.vectors.items()}

    def taken(self, indices: Int64s) -> "PostVectorIndex":
        """The index of some of its posts."""
        return PostVectorIndex(self.id_hashes[indices], self.space, self.take(indices), self.weights)

    def scale(self, kind: VectorKind) -> float:
        """What a cosine of this kind counts."""
        spread = self.space.reductions[kind].spread
        return self.weights.get(kind, 0.0) / spread if spread else 0.0

    def query_columns(self, queries: Vectors, part: slice) -> torch.Tensor:
        """Some of the queries; their products with `post_columns` are the scores. -> (n_queries, width)"""
        columns, n_queries = [], part.stop - part.start
        for kind, held in self.vectors.items():
            scale, mean = self.scale(kind), self.space.reductions[kind].mean
            units = queries.get(kind)
            if units is None:
                columns.append(torch.zeros(n_queries, held.values.shape[1] + 1))
                continue
            known = torch.from_numpy(units.known[part]).float()[:, None]
            columns += [torch.from_numpy(units.values[part]).float() * scale, known * (-scale * mean)]
        return torch.cat(columns, dim=1)

    def post_columns(self, part: slice) -> torch.Tensor:
        """Some of the posts. -> (n_posts, width)"""
        columns = []
        for units in self.vectors.values():
            columns += [
                torch.from_numpy(units.values[part]).float(),
                torch.from_numpy(units.known[part]).float()[:, None],
            ]
        return torch.cat(columns, dim=1)


class ExactSearch:
    """Compares each query with each post. Safe to use from several threads."""

    def __init__(self, index: PostVectorIndex) -> None:
        self._index = index

    def nearest(self, queries: Vectors, *, k: int, without: Int64s | None = None) -> Nearest:
        """See `NeighbourSearch`."""
        n_queries = _length(queries) if without is None else len(without)
        if not n_queries or not queries or not self._index.vectors:
            return Nearest(np.full((n_queries, k), NO_POST, np.int64), np.full((n_queries, k), -np.inf, np.float32))
        left_out = np.full(n_queries, NO_POST, np.int64) if without is None else without
        found = list(
            map_in_threads(
                lambda part: self._nearest(queries, part, left_out[part], k), list(blocks(n_queries, QUERIES_AT_ONCE))
            )
        )
        return Nearest(np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found]))

    def _nearest(self, queries: Vectors, part: slice, without: Int64s, k: int) -> tuple[Int64s, Float32s]:
        asked, n_queries = self._index.query_columns(queries, part), part.stop - part.start
        best = BestSoFar(n_queries, k)
        buffer = torch.empty(n_queries, POSTS_AT_ONCE)
        scores: Float32s = buffer.numpy()
        for posts in blocks(len(self._index), POSTS_AT_ONCE):
            n = posts.stop - posts.start
            torch.mm(asked, self._index.post_columns(posts).T, out=buffer[:, :n])
            scores[:, n : -(-n // TILE) * TILE] = -np.inf
            own = np.flatnonzero((without >= posts.start) & (without < posts.stop))
            scores[own, without[own] - posts.start] = -np.inf
            best.offer(scores, n, posts.start)
        indices, values = best.lists()
        return np.where(np.isneginf(values), NO_POST, indices), values


def pair_scores(index: PostVectorIndex, kind: VectorKind, queries: Vectors, posts: Int64s) -> Float32s:
    """What one kind of vector says of queries and some posts for each; their sum over all kinds is the score.

    (n_queries,), (n_queries, k) -> (n_queries, k)
    """
    held, asked = index.vectors[kind], queries[kind]
    one = torch.from_numpy(asked.values).float()[:, None]  # (n_queries, 1, width)
    other = torch.from_numpy(held.values[posts]).float()  # (n_queries, k, width)
    standard = ((other * one).sum(dim=2).numpy() - index.space.reductions[kind].mean) * index.scale(kind)
    said: Float32s = np.where(asked.known[:, None] & held.known[posts], standard, 0.0).astype(np.float32)
    return said


def mean_units(units: UnitVectors, starts: Int64s) -> UnitVectors:
    """The direction of the mean of consecutive posts: a query for what several posts have in common.

    `starts` (n_queries + 1,) says where the posts of each query begin.
    """
    sums = np.zeros((len(starts) - 1, units.values.shape[1]), np.float32)
    owner = np.repeat(np.arange(len(sums)), np.diff(starts))
    np.add.at(sums, owner, units.values.astype(np.float32))
    known = np.zeros(len(sums), np.bool_)
    known[owner[units.known]] = True
    return UnitVectors.of(sums, known)


def _length(queries: Vectors) -> int:
    return len(next(iter(queries.values()))) if queries else 0
