"""OWNS USEARCH: the search for more posts than are compared exactly, by a graph of near posts (HNSW).

Malkov and Yashunin 2018, as usearch builds it. The graph knows one product of two vectors, so the kinds of vectors are
joined, each scaled by the root of what its cosine counts; the mean cosine of random pairs, which is close to 0 for
centred vectors, is left out. Then the found posts get their exact scores, and the best are kept. Recall@20 against the
exact search: `python -m benchmarks.similar`. Imported only above `EXACT_UP_TO`, so that smaller teams never load it.
"""

import numpy as np
import numpy.typing as npt
import torch
from usearch.compiled import MetricKind, ScalarKind
from usearch.index import Index

from s02_recsys_neucf.similar.search import Float32s, Nearest, PostVectorIndex, pair_scores
from s02_recsys_neucf.similar.vector_space import Vectors
from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import blocks

CONNECTIVITY = 32  # neighbours of each post in the graph: 128 bytes more per post than usearch's 16
EXPANSION_ADD, EXPANSION_SEARCH = 128, 256  # posts that are looked at: more find more, and take longer
SPARE = 32  # posts found beyond those that are wanted: some are better by the exact score
AT_ONCE = 256  # queries that are rescored together: 128 posts each are 17 MB for each kind


class ApproximateSearch:
    """A graph of all posts of an index. Building it takes most of the time."""

    def __init__(self, index: PostVectorIndex) -> None:
        self._index = index
        joined = _joined(index, index.vectors)
        self._graph = Index(
            ndim=joined.shape[1], metric=MetricKind.IP, dtype=ScalarKind.F16, connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD, expansion_search=EXPANSION_SEARCH,
        )  # fmt: skip
        self._graph.add(np.arange(len(index)), joined, threads=torch.get_num_threads())

    def nearest(self, queries: Vectors, *, k: int, without: Int64s | None = None) -> Nearest:
        """See `NeighbourSearch`."""
        n_queries = len(next(iter(queries.values()), ()))
        indices = np.full((n_queries, k), NO_POST, np.int64)
        scores = np.full((n_queries, k), -np.inf, np.float32)
        wanted = min(len(self._index), k + SPARE + 1)
        for part in blocks(n_queries, AT_ONCE):
            some = {kind: units.take(np.arange(part.start, part.stop)) for kind, units in queries.items()}
            found = self._graph.search(_joined(self._index, some), wanted, threads=torch.get_num_threads())
            near = np.asarray(found.keys, np.int64).reshape(part.stop - part.start, wanted)
            near_scores = sum(pair_scores(self._index, kind, some, near) for kind in some)
            assert isinstance(near_scores, np.ndarray)
            if without is not None:
                near_scores = np.where(near == without[part, None], np.float32(-np.inf), near_scores)
            order = np.argsort(-near_scores, axis=1, kind="stable")[:, :k]
            best = np.take_along_axis(near_scores, order, 1)
            indices[part, : order.shape[1]] = np.where(np.isneginf(best), NO_POST, np.take_along_axis(near, order, 1))
            scores[part, : order.shape[1]] = best
        return Nearest(indices, scores)


def _joined(index: PostVectorIndex, vectors: Vectors) -> npt.NDArray[np.float16]:
    """(n_posts, width)"""
    columns: list[Float32s] = [
        units.values.astype(np.float32) * np.float32(np.sqrt(index.scale(kind))) for kind, units in vectors.items()
    ]
    return np.concatenate(columns, axis=1).astype(np.float16)
