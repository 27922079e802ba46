"""From the nearest posts of each candidate to what is published: which of them, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.similar.nearest_posts import NearestPosts
from s02_recsys_neucf.similar.search import Float32s, PostVectorIndex, pair_scores
from s02_recsys_neucf.similar.vector_space import Bools, VectorKind, Vectors
from shared.domain import Reason
from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import blocks
from shared.neucf.threads import map_in_threads
from shared.ranked_lists.codec_columns import cut, entries_of, with_reasons
from shared.ranked_lists.neighbours import MOST, Neighbours, pack_neighbours

MOST_OF_AUTHOR = 8  # of 48: one author's posts, often of the same cat, shall not be all
POSTS_AT_ONCE = 256  # their vectors are 13 MB for each kind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedPosts:
    """What the timeline knows of the candidates, in their order."""

    ids: Sequence[str]
    post_numbers: Sequence[int]
    authors: npt.NDArray[np.uint64]  # (n_posts,) author hashes
    clusters: Int64s  # (n_posts,) of near-identical photos; 0: there is none


def published_neighbours(held: NearestPosts, posts: ComparedPosts, which: Int64s) -> Iterator[tuple[str, bytes]]:
    """Pairs of post id and value for these candidates, also for those with no similar post."""
    numbers = np.asarray(posts.post_numbers, np.uint32)

    def published(part: slice) -> list[tuple[str, bytes]]:
        rows = which[part]
        keep = shown(held.nearest.indices[rows], held.nearest.scores[rows], rows, posts)
        first = np.argsort(~keep, axis=1, kind="stable")[:, :MOST]
        keep = np.take_along_axis(keep, first, 1)  # (n_rows, MOST)
        near = np.maximum(np.take_along_axis(held.nearest.indices[rows], first, 1), 0)
        scores = np.where(keep, np.take_along_axis(held.nearest.scores[rows], first, 1), 0.0)
        packed = with_reasons(numbers[near], reasons(held.index, held.index.take(rows), near))
        lists = cut(entries_of(packed, scores)[keep], keep.sum(axis=1))
        return [
            (posts.ids[row], pack_neighbours(_neighbours(posts, row, packed_entries)))
            for row, packed_entries in zip(rows.tolist(), lists, strict=True)
        ]

    for part in map_in_threads(published, list(blocks(len(which), POSTS_AT_ONCE))):
        yield from part


def _neighbours(posts: ComparedPosts, row: int, entries: bytes) -> Neighbours:
    return Neighbours(post_number=posts.post_numbers[row], author=int(posts.authors[row]), entries=entries)


def shown(near: Int64s, scores: Float32s, rows: Int64s, posts: ComparedPosts) -> Bools:
    """Which of the nearest posts are published. (n_rows, k) -> (n_rows, k)

    Those that are nearer than two posts at random; of near-identical photos one, and none that is like the post's own;
    of an author the nearest few.
    """
    of = np.maximum(near, 0)
    clusters = posts.clusters[of]
    own = posts.clusters[rows][:, None]
    is_repeat = (clusters > 0) & ((clusters == own) | (_earlier_of_same(clusters) > 0))
    keep: Bools = (near != NO_POST) & (scores > 0) & ~is_repeat & (_earlier_of_same(posts.authors[of]) < MOST_OF_AUTHOR)
    return keep


def reasons(index: PostVectorIndex, queries: Vectors, near: Int64s) -> npt.NDArray[np.uint8]:
    """Whether photo or caption says more that two posts are similar. (n_queries,), (n_queries, k) -> (n_queries, k)"""
    says: Mapping[VectorKind, Float32s] = {
        kind: pair_scores(index, kind, queries, near)
        for kind in (VectorKind.PHOTO, VectorKind.CAPTION) if kind in index.vectors
    }  # fmt: skip
    nothing = np.zeros(near.shape, np.float32)
    by_photo = says.get(VectorKind.PHOTO, nothing) >= says.get(VectorKind.CAPTION, nothing)
    if VectorKind.PHOTO not in says:
        by_photo[:] = False
    return np.where(by_photo, np.uint8(Reason.SIMILAR_PHOTO), np.uint8(Reason.SIMILAR_CAPTION))


def _earlier_of_same(values: npt.NDArray[np.integer]) -> Int64s:
    """How many earlier ones in its row are equal to each. (n_rows, k) -> (n_rows, k)"""
    counts = np.zeros(values.shape, np.int64)
    for column in range(1, values.shape[1]):
        counts[:, column] = (values[:, :column] == values[:, column : column + 1]).sum(axis=1)
    return counts
